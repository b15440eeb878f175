"""From the cells of a row to records, and what must agree within the row."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from graph.dates import span
from graph.model import MODEL, PROVENANCE, Help, Kind, Property, Vocabulary
from graph.records import Claim, Entity, Value
from graph.sources.directory import Named
from loaders import units, values
from loaders.cells import Cells, Reader, partial_date, readers
from loaders.directory import Directory
from loaders.records import RowError

#: Types that say nothing without properties of their own, or that people decide on.
_STANDING_ALONE = ("DESCRIBED_IN", "SAME_AS", "DIFFERENT_FROM")
_DATES = ("valid_from", "valid_to", "valid_to_basis", "seen_until")
_EXACT_ENDS = ("stated", "superseded")
_ID = 2_000  # characters an id may have
_MEMO = 20_000  # ends and sources kept
_AHEAD = timedelta(hours=14)  # of the first day anywhere before that in UTC
#: The cells of an end: what it is named by, and what tells it from others of its name.
_END = {side: (side, f"{side}_name", f"{side}_within", f"{side}_at") for side in ("from", "to")}


class RowBuilder:
    """Makes records of cells keyed by property name. `document`: id of the file's own source."""

    def __init__(self, directory: Directory, document: str, vocabulary: Vocabulary = MODEL) -> None:
        self._directory = directory
        self.document = document
        self._vocabulary = vocabulary
        self._ends: dict[tuple[Any, ...], str] = {}
        self._ends_of = 0  # size of the directory they were found in
        self._sources: dict[tuple[str, str, str], str] = {}
        self.new_sources: list[Entity] = []  # what rows said of their sources, to be taken by the pipeline
        self.met: set[int] = set()  # hashes of ids met in the files of the load, for formats that tell of repetitions
        #: Ids that rows of this load gave to what they named, by label and folded name.
        self.named_here: dict[tuple[str, str], set[str]] = {}
        self.sheet = ""  # which part of its file is read, where it has several
        self.shared: dict[str, Any] = {}  # what one part of a load keeps for those read after it, by the format's name
        self._claimed = {r.name: readers(vocabulary.claim_properties(r.name)) for r in vocabulary.relationships}
        self._said = {n.label: readers(vocabulary.node_properties(n.label)) for n in vocabulary.nodes}
        self._about = readers(PROVENANCE)
        self._looping = {
            r.name: tuple(prefix for label in r.loops for prefix in vocabulary.node[label].prefixes)
            for r in vocabulary.relationships
        }

    def _tried(self, faults: list[RowError], labels: tuple[str, ...], cells: Cells, side: str) -> str:
        try:
            return self.end(labels, cells, side)
        except RowError as fault:
            _note(faults, fault)
            return ""

    def end(self, labels: tuple[str, ...], cells: Cells, side: str) -> str:
        """Id of an end (`from` or `to`) out of its cells side, side_name, side_within, side_at."""
        get = cells.texts.get
        code, name, within, at = _END[side]
        key = (labels, get(code), get(name), get(within), get(at), get("valid_from"))
        if self._ends_of != self._directory.size:  # a new name can make an old one ambiguous
            self._ends.clear()
            self._ends_of = self._directory.size
        if len(self._ends) > _MEMO:
            self._ends.clear()
        if key not in self._ends:
            self._ends[key] = self._find(labels, cells, side)
        return self._ends[key]

    def _find(self, labels: tuple[str, ...], cells: Cells, side: str) -> str:
        by_code, by_name, inside, at = _END[side]
        code, name = cells.text(by_code), cells.text(by_name)
        column = cells.column(by_code, "") or cells.column(by_name, "") or side
        if not code and not name:
            raise RowError("is empty: give an id, a code or a name", column=column)
        day = self._revision(cells, at) or self._date(cells, "valid_from")
        within = cells.text(inside)
        try:
            return self._directory.find(labels, code=code, name=name, within=within, at=day)
        except RowError as error:
            where = cells.column(by_code if code else by_name, "")
            reason = error.reason.replace("{within}", cells.column(inside))
            raise RowError(reason, column=where or column, value=error.value or code or name) from None
        except ValueError as error:
            raise RowError(str(error), column=column, value=code) from None

    @classmethod
    def _revision(cls, cells: Cells, name: str) -> str:
        """A revision of a list of codes as a partial date; months may be written without a hyphen (201012)."""
        text = cells.text(name)
        month = len(text) == 6 and text.isdigit()
        return cls._date(Cells({name: f"{text[:4]}-{text[4:]}" if month else text}, cells.columns), name)

    def place_of(self, name: str, place: str) -> str:
        """The place that an organization is of which a row names beside a place: that, or the one above it whose level the
        name begins with (州农业局 in a county). Empty where the name itself says which, by beginning with a place's."""
        return "" if self._directory.begins_with_place(name) else self._directory.of_level(place, name[:1])

    @staticmethod
    def _date(cells: Cells, name: str) -> str:
        return "" if values.blank(cells.texts.get(name, "")) else cells.read(name, partial_date)

    def claim(self, type_: str, cells: Cells, line: int) -> list[Entity | Claim]:
        """The claim of a row; RowError tells every cell of it that cannot be used."""
        relationship = self._vocabulary.relationship[type_]
        faults: list[RowError] = []
        start = self._tried(faults, relationship.start, cells, "from")
        end = self._tried(faults, relationship.end, cells, "to")
        claim_values = self._values(self._claimed[type_], cells, faults)
        RowError.raise_any(faults)
        if start == end and not start.startswith(self._looping[type_]):
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
        source, locator = self.sourced(cells, line)
        part_of = str(claim_values.pop("part_of", ""))
        row_id = cells.text("row_id")
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
        id_ = cells.text("id")
        if not id_.startswith(node.prefixes) or id_ in node.prefixes or len(id_) > _ID or any(c.isspace() for c in id_):
            raise RowError(
                f"must begin with {' or '.join(node.prefixes)} and hold no spaces, as in {node.id_example}",
                column=cells.column("id"),
                value=id_,
            )
        faults: list[RowError] = []
        said = self._values(self._said[label], cells, faults)
        about = self._values(self._about, cells, faults)
        RowError.raise_any(faults)
        about.setdefault("certainty", "stated")
        _check(said, cells)
        for needed in node.properties:
            if needed.required and needed.name not in said:
                raise RowError(f"is empty: {label} needs it", column=needed.name)
        source, locator = self.sourced(cells, line)
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
            if values.blank(cells.texts.get(type_, "")):
                continue
            column = cells.columns[type_]
            if relationship.money or relationship.figures or relationship.help_when or type_ in _STANDING_ALONE:
                raise RowError(f"{type_} needs a row of its own in a table of claims", column=column)
            ends = tuple(end for part in cells.text(type_).split(";") if (end := part.strip()))
            targets = tuple(self._target(relationship.end, end, column) for end in ends)
            for target in targets:
                if target == id_:
                    raise RowError(f"{type_} cannot go from {id_} to itself", column=column, value=target)
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

    def _values(self, readers: Mapping[str, Reader], cells: Cells, faults: list[RowError]) -> dict[str, Value]:
        """Values of the cells that are filled; a cell that cannot be used is added to the faults."""
        found: dict[str, Value] = {}
        for name, text in cells.texts.items():
            if (reader := readers.get(name)) is None:
                continue
            value = reader.kept.get(text)
            if value is None:
                if values.blank(text):
                    continue
                try:
                    value = self._value(reader, cells, found)
                except RowError as fault:
                    _note(faults, fault)
                    continue
            found[name] = value
        return found

    def _value(self, reader: Reader, cells: Cells, found: dict[str, Value]) -> Value:
        declared = reader.declared
        if declared.kind is Kind.MONEY:
            minor, found[f"{declared.name}_text"], found["currency"] = self._money(declared.name, cells)
            return minor
        return self._named_entity(declared, cells) if declared.kind is Kind.ENTITY else reader.value(cells)

    @staticmethod
    def _money(name: str, cells: Cells) -> tuple[int, str, str]:
        """Minor units, exact amount and currency of a cell, with the unit that its header gives: 万元 is of yuan."""
        header = cells.columns[name]
        factor = units.header_unit(header)[1]
        if not cells.texts.get("currency", "").strip():
            if not units.in_yuan(header):
                raise RowError(
                    "is empty: an amount needs its currency", column=cells.columns.get("currency", "currency")
                )
            currency = "CNY"
        else:
            currency = cells.read("currency", values.currency)
        if factor != 1 and currency != "CNY" and units.in_yuan(header):
            raise RowError(
                f"is told in 元, and the currency is {currency}: give the header a unit without 元, such as (万), or none",
                column=header, value=cells.text(name),
            )  # fmt: skip
        return *cells.read(name, partial(values.scaled, currency_text=currency, factor=factor)), currency

    def _named_entity(self, declared: Property, cells: Cells) -> str:
        column, text = cells.columns[declared.name], cells.text(declared.name)
        if self._directory.is_id(text):
            return text
        label = {"programme": "Programme"}.get(declared.name)
        if label is None:
            raise RowError("must be the id of an entity", column=column, value=text)
        try:
            return self._directory.find((label,), name=text)
        except RowError as error:
            raise RowError(error.reason, column=column, value=text) from None

    def sourced(self, cells: Cells, line: int) -> tuple[str, str]:
        """(source, locator) of a row; what it says of its source goes to `new_sources`, once."""
        text = cells.texts.get("source", "")
        locator = cells.text("locator")
        if not text.strip():
            return self.document, locator or (f"sheet {self.sheet}, row {line}" if self.sheet else f"line {line}")
        title, publisher = cells.text("source_title"), cells.text("source_publisher")
        key = (text, title, publisher)
        if len(self._sources) > _MEMO:
            self._sources.clear()
        if key not in self._sources:
            self._sources[key] = source = self._source(cells)
            said: dict[str, Value] = {n: t for n, t in (("title", title), ("publisher", publisher)) if t}
            if said:
                about: dict[str, Value] = {"certainty": "stated"}
                self.new_sources.append(Entity(label="Source", id=source, source=source, values=said, provenance=about))
        return self._sources[key], locator

    @staticmethod
    def _source(cells: Cells) -> str:
        source = cells.text("source")
        if source.startswith(("http://", "https://")):
            return cells.read("source", values.url)
        if not source.startswith("source:"):
            reason = "must be an http address, or an id that begins with source:"
            raise RowError(reason, column=cells.columns["source"], value=source)
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


@lru_cache(maxsize=4_096)  # the rows of a table share their dates
def _dates_fault(
    start: str | None, end: str | None, basis: str | None, seen: str | None
) -> tuple[str, str, str] | None:
    """Of the dates of a row the one that does not agree with the others: its property, its value, and why."""
    if start and end and span(end)[1] < span(start)[0]:
        return "valid_to", end, f"lies before the start {start}"
    if basis and not end:
        return "valid_to", "", "is empty, but valid_to_basis says what kind of end it is"
    if start and start == end and span(start)[0] == span(start)[1] and basis in _EXACT_ENDS:
        return "valid_to", "", f"it ends on the day it begins, {start}, and so never holds"
    if seen and end and basis != "table_period" and span(seen)[0] > span(end)[1]:
        return "seen_until", seen, f"lies after the end {end}"
    if seen and start and span(seen)[1] < span(start)[0]:
        return "seen_until", seen, f"lies before the start {start}"
    return None


def _check_decided(day: str, column: str) -> None:
    """A decision of a day that has begun nowhere yet would outweigh all until then."""
    if day > (latest := (datetime.now(UTC) + _AHEAD).date().isoformat()):
        raise RowError(f"lies in the future, behind {latest}: write the day of the decision", column=column, value=day)


def _check(said: dict[str, Value], cells: Cells) -> None:
    """What must agree within one row."""
    column = cells.column
    dates = [str(said[name]) if name in said else None for name in _DATES]
    if fault := _dates_fault(*dates):
        name, value, reason = fault
        raise RowError(reason, column=column(name), value=value)
    if "decided_on" in said:
        _check_decided(str(said["decided_on"]), column("decided_on"))
    low, high = said.get("low"), said.get("high")
    if isinstance(low, str) and isinstance(high, str) and Decimal(low) > Decimal(high):
        raise RowError(f"is more than high, {high}", column=column("low"), value=low)
    if "amount" in said and "class" not in said:
        raise RowError("is empty: an amount needs its class (commitment, disbursement …)", column=column("class"))
    if "part_of_certainty" in said and "part_of" not in said:
        raise RowError("is empty, but part_of_certainty is given", column=column("part_of"))
