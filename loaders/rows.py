"""From the cells of a row to records: each cell by the kind of its property, then what must agree within the row."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from graph.dates import span
from graph.model import MODEL, PROVENANCE, Help, Kind, Property, Vocabulary
from graph.records import Claim, Entity, Value
from graph.sources.directory import Named
from loaders import values
from loaders.directory import Directory
from loaders.records import RowError

T = TypeVar("T")

#: Types that say nothing without properties of their own, or that people decide on.
_STANDING_ALONE = ("DESCRIBED_IN", "SAME_AS", "DIFFERENT_FROM")
_EXACT_ENDS = ("stated", "superseded")
_ID = 2_000  # characters an id may have
_MEMO = 20_000  # converted cells kept


class Cell(NamedTuple):
    """Text of a cell, and the column it stands in."""

    column: str
    text: str


Cells = Mapping[str, Cell]
_NOTHING = Cell("", "")


class RowBuilder:
    """Makes records of cells keyed by property name. `document`: id of the file's own source."""

    def __init__(self, directory: Directory, document: str, vocabulary: Vocabulary = MODEL) -> None:
        self._directory = directory
        self._document = document
        self._vocabulary = vocabulary
        # cells repeat: a currency, a date, a page stand in thousands of rows
        self._memo: dict[tuple[int, str], Value] = {}
        self._ends: dict[tuple[Any, ...], str] = {}
        self._ends_of = 0  # size of the directory they were found in
        self._sources: dict[tuple[str, str, str], str] = {}
        self.new_sources: list[Entity] = []  # what rows said of their sources, to be taken by the pipeline
        self._claimed = {
            r.name: {p.name: p for p in vocabulary.claim_properties(r.name)} for r in vocabulary.relationships
        }
        self._said = {n.label: {p.name: p for p in vocabulary.node_properties(n.label)} for n in vocabulary.nodes}

    def _tried(self, faults: list[RowError], labels: tuple[str, ...], cells: Cells, side: str) -> str:
        try:
            return self.end(labels, cells, side)
        except RowError as fault:
            _note(faults, fault)
            return ""

    def end(self, labels: tuple[str, ...], cells: Cells, side: str) -> str:
        """Id of an end (`from` or `to`) out of its cells side, side_name, side_within, side_at."""
        parts = {part: cells.get(f"{side}{part}", _NOTHING) for part in ("", "_name", "_within", "_at")}
        key = (labels, *(cell.text for cell in parts.values()), cells.get("valid_from", _NOTHING).text)
        if self._ends_of != self._directory.size:  # a new name can make an old one ambiguous
            self._ends.clear()
            self._ends_of = self._directory.size
        if len(self._ends) > _MEMO:
            self._ends.clear()
        if key not in self._ends:
            self._ends[key] = self._find(labels, cells, parts, side)
        return self._ends[key]

    def _find(self, labels: tuple[str, ...], cells: Cells, parts: dict[str, Cell], side: str) -> str:
        code, name = values.clean(parts[""].text), values.clean(parts["_name"].text)
        column = parts[""].column or parts["_name"].column or side
        if not code and not name:
            raise RowError("is empty: give an id, a code or a name", column=column)
        at = self._revision(parts["_at"]) or self._date(cells.get("valid_from", _NOTHING))
        try:
            return self._directory.find(labels, code=code, name=name, within=values.clean(parts["_within"].text), at=at)
        except RowError as error:
            where = parts[""].column if code else parts["_name"].column
            reason = error.reason.replace("{within}", cells.get(f"{side}_within", Cell(f"{side}_within", "")).column)
            raise RowError(reason, column=where or column, value=error.value or code or name) from None
        except ValueError as error:
            raise RowError(str(error), column=column, value=code) from None

    @classmethod
    def _revision(cls, cell: Cell) -> str:
        """A revision of a list of codes as a partial date; months may be written without a hyphen (201012)."""
        text = values.clean(cell.text)
        month = len(text) == 6 and text.isdigit()
        return cls._date(Cell(cell.column, f"{text[:4]}-{text[4:]}" if month else text))

    @staticmethod
    def _date(cell: Cell) -> str:
        return _converted(_date, cell) if cell.text.strip() else ""

    def claim(self, type_: str, cells: Cells, line: int) -> list[Entity | Claim]:
        """The claim of a row; RowError tells every cell of it that cannot be used."""
        relationship = self._vocabulary.relationship[type_]
        faults: list[RowError] = []
        start, end = (
            self._tried(faults, labels, cells, side)
            for labels, side in ((relationship.start, "from"), (relationship.end, "to"))
        )
        claim_values = self._values(self._claimed[type_], cells, faults)
        RowError.raise_any(faults)
        if start == end and not relationship.loops:
            raise RowError(f"{type_} cannot go from {start} to itself", column="to", value=end)
        claim_values.setdefault("certainty", "stated")
        if relationship.figures:
            claim_values.setdefault("basis", "reported")
        _check(claim_values, cells)
        if (
            relationship.help is Help.CONDITION
            and relationship.help_when
            and relationship.help_when[0] not in claim_values
        ):
            name = relationship.help_when[0]
            raise RowError(f"is empty: {type_} needs it, since it decides whether it is help", column=name)
        source, locator = self._sourced(cells, line)
        part_of = str(claim_values.pop("part_of", ""))
        row_id = _text(cells, "row_id")
        return [
            Claim(
                type=type_,
                start=start,
                end=end,
                source=source,
                locator=locator,
                values=claim_values,
                row_id=row_id,
                part_of=part_of,
            )
        ]

    def entity(self, label: str, cells: Cells, line: int) -> list[Entity | Claim]:
        node = self._vocabulary.node[label]
        id_ = _text(cells, "id")
        column = cells["id"].column if "id" in cells else "id"
        if not id_.startswith(node.prefixes) or len(id_) > _ID or any(c.isspace() for c in id_):
            raise RowError(
                f"must begin with {' or '.join(node.prefixes)} and hold no spaces, as in {node.id_example}",
                column=column,
                value=id_,
            )
        faults: list[RowError] = []
        said = self._values(self._said[label], cells, faults)
        about = self._values(_PROVENANCE, cells, faults)
        RowError.raise_any(faults)
        about.setdefault("certainty", "stated")
        _check(said, cells)
        for needed in node.properties:
            if needed.required and needed.name not in said:
                raise RowError(f"is empty: {label} needs it", column=needed.name)
        source, locator = self._sourced(cells, line)
        records: list[Entity | Claim] = [
            Entity(label=label, id=id_, source=source, locator=locator, values=said, provenance=about)
        ]
        parents = self._links(records, id_, cells, (source, locator), about)
        if label in ("Programme", "PlaceGroup") or self._vocabulary.is_a(label, "Place"):
            self._directory.add(_named(label, id_, said, parents))
        return records

    def _links(
        self, records: list[Entity | Claim], id_: str, cells: Cells, sourced: tuple[str, str], about: dict[str, Value]
    ) -> tuple[str, ...]:
        """Claims from columns that are headed by a relationship type; returns what the entity is PART_OF."""
        parents: tuple[str, ...] = ()
        for type_, relationship in self._vocabulary.relationship.items():
            if type_ not in cells or not cells[type_].text.strip():
                continue
            if relationship.money or relationship.figures or relationship.help_when or type_ in _STANDING_ALONE:
                raise RowError(f"{type_} needs a row of its own in a table of claims", column=cells[type_].column)
            ends = tuple(text for text in (values.clean(part) for part in cells[type_].text.split(";")) if text)
            targets = tuple(self._target(relationship.end, end, cells[type_].column) for end in ends)
            for target in targets:
                if target == id_:
                    raise RowError(f"{type_} cannot go from {id_} to itself", column=cells[type_].column, value=target)
                records.append(
                    Claim(
                        type=type_,
                        start=id_,
                        end=target,
                        source=sourced[0],
                        locator=sourced[1],
                        values={name: value for name, value in about.items() if name != "note"},
                    )
                )
            if type_ == "PART_OF":
                parents = targets
        return parents

    def _target(self, labels: tuple[str, ...], end: str, column: str) -> str:
        """The id of an end given as id or division code."""
        if not end[:1].isdigit():
            return end
        try:
            return self._directory.find(labels, code=end)
        except ValueError as error:
            raise RowError(str(error), column=column, value=end) from None

    def _values(self, properties: Mapping[str, Property], cells: Cells, faults: list[RowError]) -> dict[str, Value]:
        """Values of the cells that are filled; a cell that cannot be used is added to the faults."""
        found: dict[str, Value] = {}
        for name, cell in cells.items():
            if not cell.text or (declared := properties.get(name)) is None or not cell.text.strip():
                continue
            value = self._memo.get((id(declared), cell.text))
            if value is None:
                try:
                    value = self._value(declared, cell, cells, found)
                except RowError as fault:
                    _note(faults, fault)
                    continue
            found[name] = value
        return found

    def _value(self, declared: Property, cell: Cell, cells: Cells, found: dict[str, Value]) -> Value:
        if declared.kind is Kind.MONEY:
            currency = cells.get("currency", _NOTHING)
            if not currency.text.strip():
                raise RowError("is empty: an amount needs its currency", column=currency.column or "currency")
            _converted(values.currency, currency)
            minor, exact = _converted(lambda text: _scaled(text, currency.text, cell.column), cell)
            found[f"{declared.name}_text"] = exact
            return minor
        if declared.kind is Kind.ENTITY:
            return self._named_entity(declared, cell)
        value = _converted(lambda text: convert(declared, text), cell)
        if len(self._memo) < _MEMO:
            self._memo[id(declared), cell.text] = value
        return value

    def _named_entity(self, declared: Property, cell: Cell) -> str:
        text = values.clean(cell.text)
        if self._directory.is_id(text):
            return text
        label = {"programme": "Programme"}.get(declared.name)
        if label is None:
            raise RowError("must be the id of an entity", column=cell.column, value=text)
        try:
            return self._directory.find((label,), name=text)
        except RowError as error:
            raise RowError(error.reason, column=cell.column, value=text) from None

    def _sourced(self, cells: Cells, line: int) -> tuple[str, str]:
        """(source, locator) of a row; what it says of its source goes to `new_sources`, once."""
        cell = cells.get("source", _NOTHING)
        locator = _text(cells, "locator")
        if not cell.text.strip():
            return self._document, locator or f"line {line}"
        title, publisher = _text(cells, "source_title"), _text(cells, "source_publisher")
        key = (cell.text, title, publisher)
        if len(self._sources) > _MEMO:
            self._sources.clear()
        if key not in self._sources:
            self._sources[key] = source = self._source(cell)
            said: dict[str, Value] = {n: t for n, t in (("title", title), ("publisher", publisher)) if t}
            if said:
                about: dict[str, Value] = {"certainty": "stated"}
                self.new_sources.append(Entity(label="Source", id=source, source=source, values=said, provenance=about))
        return self._sources[key], locator

    @staticmethod
    def _source(cell: Cell) -> str:
        source = values.clean(cell.text)
        if source.startswith(("http://", "https://")):
            return _converted(values.url, cell)
        if not source.startswith("source:"):
            reason = "must be an http address, or an id that begins with source:"
            raise RowError(reason, column=cell.column, value=source)
        return source


def _note(faults: list[RowError], fault: RowError) -> None:
    """Adds a fault, unless its cell is told of already: a date is read for the ends of a claim too."""
    if all((fault.column, fault.value) != (known.column, known.value) for known in faults):
        faults.append(fault)


def _named(label: str, id_: str, said: dict[str, Value], parents: tuple[str, ...]) -> Named:
    aliases = said.get("aliases")
    others = [said.get("short_name"), said.get("name_en"), *(aliases if isinstance(aliases, list) else [])]
    return Named(
        id=id_,
        type=label,
        name=str(said.get("name", "")),
        names=tuple(str(other) for other in others if other),
        code=str(said.get("code", "")),
        valid_from=str(said.get("valid_from", "")),
        valid_to=str(said.get("valid_to", "")),
        parents=parents,
    )


_PROVENANCE = {p.name: p for p in PROVENANCE}


def _text(cells: Cells, name: str) -> str:
    cell = cells.get(name, _NOTHING)
    return _converted(values.clean, cell) if cell.text else ""


def _converted(convert_: Callable[[str], T], cell: Cell) -> T:
    try:
        return convert_(cell.text)
    except ValueError as error:
        raise RowError(str(error), column=cell.column, value=cell.text.strip()[:100]) from None


def _scaled(text: str, currency: str, header: str) -> tuple[int, str]:
    """Minor units and exact amount of a cell, with the unit that its header gives."""
    minor, exact, code = values.money(text, currency)
    factor = values.header_unit(header)[1]
    if factor == 1:
        return minor, exact
    minor, exact, _ = values.money(format(Decimal(exact) * factor, "f"), code)
    return minor, exact


def _date(text: str) -> str:
    first, separator, last = values.clean(text).partition("..")
    if not separator:
        return values.partial_date(first)
    lower, upper = values.partial_date(first), values.partial_date(last)
    if span(lower)[0] > span(upper)[1]:
        raise ValueError("the span ends before it begins")
    return f"{lower}..{upper}"


def _count(text: str) -> int:
    count = values.integer(text)
    if count < 0:
        raise ValueError("a count cannot be negative")
    return count


def _coordinate(text: str) -> float:
    degrees = values.number(text)
    if not -180 <= degrees <= 180:
        raise ValueError("degrees lie between -180 and 180")
    return float(degrees)


def _code(declared: Property, text: str) -> str:
    allowed = {name: code.name for code in declared.codes for name in (code.name, code.zh) if name}
    return values.code(text, allowed)


def _plain(number: Decimal) -> str:
    return format(number.normalize() if number else Decimal(0), "f")


_CONVERTERS: dict[Kind, Callable[[str], Value]] = {
    Kind.TEXT: values.clean,
    Kind.TEXTS: lambda text: [part for part in (values.clean(p) for p in text.replace("；", ";").split(";")) if part],
    Kind.INTEGER: _count,
    Kind.NUMBER: lambda text: _plain(values.number(text)),
    Kind.COORDINATE: _coordinate,
    Kind.CURRENCY: values.currency,
    Kind.BOOLEAN: values.boolean,
    Kind.DAY: values.day,
    Kind.DATE: _date,
    Kind.URL: values.url,
}


def convert(declared: Property, text: str) -> Value:
    """Value of a cell for a property of any kind but money and entities; ValueError says what is wrong."""
    return _code(declared, text) if declared.kind is Kind.CODE else _CONVERTERS[declared.kind](text)


def _check(said: dict[str, Value], cells: Cells) -> None:
    """What must agree within one row."""

    def column(name: str) -> str:
        return cells[name].column if name in cells else name

    start, end = said.get("valid_from"), said.get("valid_to")
    if isinstance(start, str) and isinstance(end, str) and span(end)[1] < span(start)[0]:
        raise RowError(f"lies before the start {start}", column=column("valid_to"), value=end)
    if "valid_to_basis" in said and "valid_to" not in said:
        raise RowError("is empty, but valid_to_basis says what kind of end it is", column=column("valid_to"))
    if (
        start
        and start == end
        and span(str(start))[0] == span(str(start))[1]
        and said.get("valid_to_basis") in _EXACT_ENDS
    ):
        raise RowError(f"it ends on the day it begins, {start}, and so never holds", column=column("valid_to"))
    seen = said.get("seen_until")
    ends = isinstance(end, str) and said.get("valid_to_basis") != "table_period"
    if isinstance(seen, str) and ends and span(seen)[0] > span(str(end))[1]:
        raise RowError(f"lies after the end {end}", column=column("seen_until"), value=seen)
    if isinstance(seen, str) and isinstance(start, str) and span(seen)[1] < span(start)[0]:
        raise RowError(f"lies before the start {start}", column=column("seen_until"), value=seen)
    low, high = said.get("low"), said.get("high")
    if isinstance(low, str) and isinstance(high, str) and Decimal(low) > Decimal(high):
        raise RowError(f"is more than high, {high}", column=column("low"), value=low)
    if "amount" in said and "class" not in said:
        raise RowError("is empty: an amount needs its class (commitment, disbursement …)", column=column("class"))
    if "part_of_certainty" in said and "part_of" not in said:
        raise RowError("is empty, but part_of_certainty is given", column=column("part_of"))
