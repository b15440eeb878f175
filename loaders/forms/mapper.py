"""Which form a table is, and the records its rows make."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from graph.model import MODEL, Vocabulary
from graph.names import simplified
from graph.records import Claim, Entity
from loaders import tabular, units, values
from loaders.cells import Cells
from loaders.forms.columns import YEAR
from loaders.forms.declare import Column, Form, Holds
from loaders.forms.naming import Naming, Stated
from loaders.forms.sheets import FORMS
from loaders.records import LoadError, RowError
from loaders.rows import RowBuilder

#: Columns that clerks number their rows in; they say nothing.
_NUMBERING: Final = frozenset(("序号", "no.", "no", "序号 no."))


def _compared(header: str) -> str:
    """A header as it is compared: also without its letter case, and in simplified characters."""
    return simplified(tabular.header_name(header)).casefold()


@cache
def _by_header() -> dict[str, dict[str, Column]]:
    """For each form its columns by every header they are read under."""
    return {
        form.key: {_compared(header): column for column in reversed(form.columns) for header in column.headers}
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
        name: known.get(_compared(name)) or known.get(_compared(units.header_unit(name)[0]))
        for name in header
        if name and _compared(name) not in _NUMBERING
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
    return f"; as the form {form.name} it lacks {', '.join(_missing(form, header))}{_odd(form, header)}"


def _odd(form: Form, header: Iterable[str]) -> str:
    """What to write in the place of headers that give a unit or a currency in a way that is not read."""
    there = {column.key for column in _columns(form, header).values() if column}
    by_name = {tabular.header_name(h): c for c in form.columns if c.key not in there for h in c.headers}
    money = {name for name, column in by_name.items() if column.holds is Holds.MONEY}
    figures = {name for name, column in by_name.items() if column.holds in (Holds.MONEY, Holds.NUMBER)}
    told = [f"in the place of {name} {how}" for name in header if (how := units.odd(name, figures, money))]
    return f" ({'; '.join(told)})" if told else ""


class FormMapper:
    """A table that is a form."""

    def __init__(self, form: Form, header: tuple[str, ...], vocabulary: Vocabulary = MODEL) -> None:
        self.name = form.key
        self._form = form
        self._vocabulary = vocabulary
        if missing := _missing(form, header):
            raise LoadError(f"the form {form.name} needs {', '.join(missing)}: add the column{_odd(form, header)}")
        found = _columns(form, header)
        if unknown := [name for name, column in found.items() if column is None]:
            raise LoadError(
                f"the table is read as the form {form.name}, which has no column {', '.join(unknown[:8])}: "
                f"rename or remove it, or give a mapping with --mapping{_odd(form, header)}"
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

        self.count_columns = [
            header
            for key, header in self._headers.items()
            if form.by_key[key].holds is Holds.NUMBER and not _compared(form.by_key[key].zh).endswith("(%)")
        ]

    def reads(self, column: str) -> bool:
        return column in self._headers.values()

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
        named = Naming(self._form, self._headers, texts, builder)
        own: Stated | None = None
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
                    made += (entities := builder.entity(rule.type, cells, line))
                    own = named.stated(rule, entities[0], self, line)
        if own:
            named.remember(texts, own)
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
