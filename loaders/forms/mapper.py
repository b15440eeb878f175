"""Which form a table is, and the records its rows make."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date
from functools import cache
from typing import Final

from graph.model import MODEL, Vocabulary
from graph.records import Claim, Entity
from loaders import tabular, units, values
from loaders.forms.columns import YEAR
from loaders.forms.declare import Column, Form, Holds
from loaders.forms.sheets import FORMS
from loaders.records import LoadError, RowError
from loaders.rows import Cells, RowBuilder

#: Columns that clerks number their rows in; they say nothing.
_NUMBERING: Final = frozenset(("序号", "no.", "no", "序号 no."))
_MAX_NAME: Final = 200
_WEEK: Final = re.compile(r"(\d{4})\s*(?:-?W|年第?)\s*(\d{1,2})\s*周?", re.I)
_NAMED: Final = {Holds.ORGANIZATION: "Organization", Holds.COMPANY: "Company"}


def _folded(text: str) -> str:
    return tabular.header_name(text).casefold()


@cache
def _by_header() -> dict[str, dict[str, Column]]:
    """For each form its columns by every header they are read under."""
    return {
        form.key: {_folded(header): column for column in reversed(form.columns) for header in column.headers}
        for form in FORMS.values()
    }


@cache
def headers() -> frozenset[str]:
    """Every header that a form has, as written."""
    return frozenset(tabular.header_name(h) for form in FORMS.values() for c in form.columns for h in c.headers)


def _columns(form: Form, header: Iterable[str]) -> dict[str, Column | None]:
    """The column of the form that each column of the table is; None where the form has none."""
    known = _by_header()[form.key]
    return {
        name: known.get(_folded(name)) or known.get(_folded(units.header_unit(name)[0]))
        for name in header
        if name and _folded(name) not in _NUMBERING
    }


def _missing(form: Form, header: Iterable[str]) -> list[str]:
    there = {column.key for column in _columns(form, header).values() if column}
    return [form.by_key[group[0]].zh for group in form.needs if not there & set(group)]


def _nearest(header: tuple[str, ...]) -> tuple[Form, int]:
    """The form with the most columns of the header, and how many; of equal ones that which lacks least."""

    def near(form: Form) -> tuple[int, int]:
        return sum(1 for column in _columns(form, header).values() if column), -len(_missing(form, header))

    form = max(FORMS.values(), key=near)
    return form, near(form)[0]


def fits(form: Form, header: tuple[str, ...]) -> bool:
    return not _missing(form, header)


def fitting(header: tuple[str, ...]) -> Form | None:
    """The form that a table with these columns is; None where there is none, or where it lacks a column."""
    form, columns = _nearest(header)
    return form if columns > 1 and not _missing(form, header) else None


def what_is_missing(header: tuple[str, ...]) -> str:
    """What keeps a table from being the form that is nearest, for a message."""
    form, columns = _nearest(header)
    if columns < 2:
        return ""
    return f"; as the form {form.name} it lacks {', '.join(_missing(form, header))}"


class FormMapper:
    """A table that is a form."""

    def __init__(self, form: Form, header: tuple[str, ...], vocabulary: Vocabulary = MODEL) -> None:
        self.name = form.key
        self._form = form
        self._vocabulary = vocabulary
        if missing := _missing(form, header):
            raise LoadError(f"the form {form.name} needs {', '.join(missing)}: add the column")
        found = _columns(form, header)
        if unknown := [name for name, column in found.items() if column is None]:
            raise LoadError(
                f"the table is read as the form {form.name}, which has no column {', '.join(unknown[:8])}: "
                "rename or remove it, or give a mapping with --mapping"
            )
        self._headers: dict[str, str] = {}
        for name, column in found.items():
            assert column
            if column.key in self._headers:
                raise LoadError(f"the columns {self._headers[column.key]} and {name} are both {column.zh}: remove one")
            self._headers[column.key] = name
            if column.holds is not Holds.MONEY and units.header_unit(name)[1] != 1:
                raise LoadError(f"the column {name} has a unit, and holds no amount of money: write its figures out")
        periods = any(rule.fill.get("valid_to_basis") == "=period" for rule in form.rules)
        self._yearly = periods and "end" not in self._headers and self._headers.get("start") in YEAR
        self.money_columns = [
            self._headers[c.key] for c in form.columns if c.holds is Holds.MONEY and c.key in self._headers
        ]

    @property
    def brings_entities(self) -> bool:
        return any(rule.type in self._vocabulary.node for rule in self._form.rules)

    @property
    def rank(self) -> int:
        return self._form.rank

    def notes(self) -> list[str]:
        return []

    def header_of(self, name: str) -> str:
        for rule in self._form.rules:
            for filled in (name, f"{name}_name"):
                for key in _keys(rule.fill.get(filled, ())):
                    if key in self._headers:
                        return self._headers[key]
        return name

    def is_example(self, row: Mapping[str, str]) -> bool:
        """Whether the row is the form's example, untouched: every cell as it came."""
        columns = ((self._form.by_key[key], header) for key, header in self._headers.items())
        return all(row.get(header, "").strip() == column.example for column, header in columns)

    def records(self, row: Mapping[str, str], line: int, builder: RowBuilder) -> list[Entity | Claim]:
        texts = {key: text for key, header in self._headers.items() if not values.blank(text := row.get(header, ""))}
        if self._yearly and "start" in texts:
            texts["end"] = texts["start"]
        self._check_filled(texts)
        made: list[Entity | Claim] = []
        named = _Naming(self._form, self._headers, texts, builder)
        sourced = builder.sourced(self._cells({"source": "source"}, texts), line)
        texts, several = named.resolved(made, sourced)
        for rule in self._form.rules:
            if any(key not in texts and key not in several for key in rule.when) or any(
                k in texts for k in rule.unless
            ):
                continue
            for id_ in several.get(rule.each, []) if rule.each else [""]:
                cells = self._cells(rule.fill, texts | ({rule.each: id_} if rule.each else {}))
                if rule.type in self._vocabulary.relationship:
                    made += builder.claim(rule.type, cells, line)
                else:
                    made += builder.entity(rule.type, cells, line)
                    named.remember(texts)
        return made

    def _check_filled(self, texts: dict[str, str]) -> None:
        form, faults = self._form, list[RowError]()
        for column in form.columns:
            beside = f"{column.key}_code" if column.holds is Holds.PLACE else column.key
            if column.required and column.key not in texts and beside not in texts:
                faults.append(RowError("is empty: it is needed", column=self._headers.get(column.key, column.zh)))
        for group in (*form.one_of, *form.at_least_one):
            if not any(key in texts for key in group):
                shown = ", ".join(self._headers.get(key, form.by_key[key].zh) for key in group)
                faults.append(RowError(f"is empty: fill in one of {shown}", column=self._headers.get(group[0], "")))
        for *places, organization in form.one_of:
            if organization in texts and any(key in texts for key in places):
                why = f"fill in {self._headers.get(places[0], '')} or this, not both"
                faults.append(RowError(why, column=self._headers[organization], value=texts[organization]))
        RowError.raise_any(faults)

    def _cells(self, fill: Mapping[str, str | tuple[str, ...]], texts: dict[str, str]) -> Cells:
        filled: dict[str, str] = {}
        columns: dict[str, str] = {}
        for name, source in fill.items():
            if isinstance(source, str) and source.startswith("="):
                filled[name], columns[name] = source[1:], ""
                continue
            key = next((key for key in _keys(source) if key in texts), _keys(source)[0])
            columns[name] = self._headers.get(key, "")
            if key in texts:
                filled[name] = texts[key]
        if "valid_to" not in filled:
            filled.pop("valid_to_basis", None)
        return Cells(filled, columns)


def _keys(source: str | tuple[str, ...]) -> tuple[str, ...]:
    return (source,) if isinstance(source, str) else source


class _Naming:
    """What a row names, turned into ids: organizations and projects of the load, and the row's own entity."""

    def __init__(self, form: Form, headers: Mapping[str, str], texts: dict[str, str], builder: RowBuilder) -> None:
        self._form, self._headers, self._texts, self._builder = form, headers, texts, builder
        self._dataset = builder.document.removeprefix("source:dataset:")

    def resolved(
        self, made: list[Entity | Claim], sourced: tuple[str, str]
    ) -> tuple[dict[str, str], dict[str, list[str]]]:
        """The texts with ids in the place of names, and the ids of columns that hold several; organizations are made."""
        texts, several = dict(self._texts), dict[str, list[str]]()
        for key, text in self._texts.items():
            column = self._form.by_key[key]
            if column.holds in _NAMED:
                parts = text.replace("；", ";").split(";") if column.several else [text]
                ids = [self._organization(column, part, made, sourced) for part in parts if not values.blank(part)]
                if not ids:
                    raise RowError(
                        "names nobody: write a name, or empty the cell", column=self._headers[key], value=text
                    )
                texts[key], several[key] = ids[0], ids
            elif column.holds is Holds.PROJECT:
                texts[key] = self._project(column, text)
            elif column.holds is Holds.WEEK:
                texts[key] = self._read(column, text, _week)
        if self._form.label:
            texts["@self"] = self._own(texts)
            texts["@name"] = " ".join(
                self._texts[key].strip() if key == "project" else texts[key]
                for key in ("project", "week")
                if key in texts
            )
        return texts, several

    def _read(self, column: Column, text: str, convert: Callable[[str], str]) -> str:
        try:
            return convert(text)
        except ValueError as error:
            raise RowError(str(error), column=self._headers[column.key], value=text.strip()[:100]) from None

    def _organization(self, column: Column, text: str, made: list[Entity | Claim], sourced: tuple[str, str]) -> str:
        name = self._read(column, text, values.clean)
        label = _NAMED[column.holds]
        if name.startswith(MODEL.node[label].prefixes):
            return name
        id_ = f"org:{self._dataset}:{self._read(column, name, _slug)}"
        source, locator = sourced
        said = Entity(
            label=label,
            id=id_,
            source=source,
            locator=locator,
            values={"name": name},
            provenance={"certainty": "stated"},
        )
        made.append(said)
        return id_

    def _project(self, column: Column, text: str) -> str:
        name = self._read(column, text, values.clean)
        if name.startswith(MODEL.node["Project"].prefixes):
            return name
        ids = self._builder.named_here.get(("Project", _folded(name)), set())
        if len(ids) > 1:
            why = "several projects of this load have this name: give the number of the one that is meant"
            raise RowError(why, column=self._headers[column.key], value=name)
        return next(iter(ids), f"project:{self._dataset}:{self._read(column, name, _slug)}")

    def _own(self, texts: dict[str, str]) -> str:
        """The id of the row's own entity: of what identifies it, within the dataset."""
        if self._form.label == "ProgressReport":
            return f"report:{texts['project'].partition(':')[2]}:{texts['week']}"
        parts: list[str] = []
        for keys in self._form.identity:
            parts.append(self._identifying(next(key for key in keys if key in self._texts), texts))
        return ":".join((MODEL.node[self._form.label].prefixes[0].rstrip(":"), self._dataset, *parts))

    def _identifying(self, key: str, texts: dict[str, str]) -> str:
        """A part of the id: the same however the row writes it, so a place's and an organization's own id."""
        column = self._form.by_key[key]
        if column.holds in _NAMED:
            return texts[key].removeprefix(f"org:{self._dataset}:")
        if column.holds in (Holds.PLACE, Holds.PLACE_CODE):
            place = key.removesuffix("_code")
            given = {"from": f"{place}_code", "from_name": place, "valid_from": "start"}
            cells = {name: self._texts[key] for name, key in given.items() if key in self._texts}
            # where no one place is meant, the claim of the row is refused for it, and tells why
            with suppress(RowError):
                return self._builder.end(("Place",), Cells(cells, self._headers_of(given)), "from")
        return self._read(column, self._texts[key], _slug)

    def _headers_of(self, given: Mapping[str, str]) -> dict[str, str]:
        return {name: self._headers.get(key, "") for name, key in given.items()}

    def remember(self, texts: dict[str, str]) -> None:
        """Lets later rows and sheets name the row's project."""
        if self._form.label == "Project":
            for key in ("name", "number"):
                if key in texts:
                    folded = ("Project", _folded(values.clean(texts[key])))
                    self._builder.named_here.setdefault(folded, set()).add(texts["@self"])


def _slug(text: str) -> str:
    """A name as the last part of an id: without spaces, and with nothing that stands for something else there."""
    plain = re.sub(r"\s+", "-", unicodedata.normalize("NFKC", values.clean(text)).strip())
    plain = plain.replace("%", "%25").replace(":", "%3A")
    if len(plain) > _MAX_NAME:
        raise ValueError(f"{text[:40]!r}…: has more than {_MAX_NAME} characters; a name is needed")
    return plain


def _week(text: str) -> str:
    """An ISO week, of itself or of a day in it."""
    plain = unicodedata.normalize("NFKC", values.clean(text))
    if match := _WEEK.fullmatch(plain):
        year, week = int(match[1]), int(match[2])
        try:
            date.fromisocalendar(year, week, 1)
        except ValueError:
            raise ValueError(f"{text[:40]!r}: the year has no such week; write 2024-W17") from None
        return f"{year}-W{week:02}"
    try:
        day = date.fromisoformat(values.day(plain))
    except ValueError:
        raise ValueError(f"{text[:40]!r}: is no week; write 2024-W17, or a day of the week") from None
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
