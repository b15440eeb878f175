"""What makes records of the rows of a table: the templates, a mapping, a form or a published standard, by its header."""

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from graph.model import MODEL, Vocabulary
from graph.names import simplified
from graph.records import Claim, Entity
from loaders import forms, standards, units
from loaders.mapping import TableMapping, built_in, read
from loaders.records import LoadError
from loaders.rows import RowBuilder
from loaders.template_tables import ENTITY, KIND_COLUMNS, RELATIONSHIP, TemplateMapper, known_columns


class Mapper(Protocol):
    """Makes records of the rows of one table."""

    @property
    def name(self) -> str: ...

    @property
    def brings_entities(self) -> bool:
        """Whether rows may make entities, which other tables of the load may name."""
        ...

    def records(self, row: MappingType[str, str], line: int, builder: RowBuilder) -> list[Entity | Claim]: ...

    @property
    def rank(self) -> int:
        """When its table is read among those of a file, the lowest first."""
        ...

    @property
    def money_columns(self) -> list[str]: ...

    def is_example(self, row: MappingType[str, str]) -> bool:
        """Whether a row is the example of a form, as it came."""
        ...

    def header_of(self, name: str) -> str:
        """The column of the table that fills a property or an end; its name where none does."""
        ...

    def notes(self) -> list[str]:
        """What was left out of the rows, once they are read."""
        ...


@dataclass(frozen=True, slots=True)
class Headers:
    """Tells rows that are headers of tables `choose` makes a mapper for. `near`: that seem to, and lack something."""

    wanted: "TableMapping | forms.Form | str | None"
    mappings: tuple[TableMapping, ...]
    known: frozenset[str]

    @classmethod
    def of(cls, wanted: str | None, vocabulary: Vocabulary = MODEL) -> "Headers":
        asked = wanted if wanted in (None, "template", *standards.NAMES) else _asked_for(wanted, vocabulary)
        known = frozenset(known_columns(vocabulary)) | forms.headers()
        return cls(asked, tuple(built_in(vocabulary).values()), known)

    def fit(self, names: Sequence[str]) -> bool:
        given = tuple(dict.fromkeys(name for name in names if name))
        if (self.wanted is None or isinstance(self.wanted, str)) and standards.fit(given, self.wanted):
            return True
        if len(given) < 2 and not isinstance(self.wanted, TableMapping):
            return False
        if isinstance(self.wanted, TableMapping):
            return self.wanted.fits(given)
        if isinstance(self.wanted, forms.Form):
            return forms.fits(self.wanted, given)
        if _is_template(given):
            return True
        return self.wanted is None and (any(m.fits(given) for m in self.mappings) or forms.fitting(given) is not None)

    def near(self, names: Sequence[str]) -> bool:
        given = {name for name in names if name}
        if isinstance(self.wanted, TableMapping):
            return len(given & {*self.wanted.columns, *self.wanted.optional}) > 1
        return len({simplified(units.header_unit(name)[0]) for name in given} & self.known) > 2


#: Columns of a table that fits nothing that are named, and characters of each.
_NAMES, _NAME = 12, 40
_MARKS = {RELATIONSHIP, KIND_COLUMNS[RELATIONSHIP], ENTITY, KIND_COLUMNS[ENTITY]}


def _is_template(header: Sequence[str]) -> bool:
    return not _MARKS.isdisjoint(map(simplified, header))


def _asked_for(wanted: str, vocabulary: Vocabulary) -> "TableMapping | forms.Form":
    """The mapping or the form of a name, or a user's file."""
    mappings = built_in(vocabulary)
    if wanted in mappings:
        return mappings[wanted]
    if wanted in forms.FORMS:
        return forms.FORMS[wanted]
    if wanted.endswith(".toml"):
        return read(Path(wanted), vocabulary)
    raise LoadError(
        f"there is no mapping {wanted}: choose template or one of {', '.join((*mappings, *forms.FORMS))}, "
        "or give a .toml file"
    )


def _listed(header: tuple[str, ...]) -> str:
    named = [name if len(name) <= _NAME else f"{name[:_NAME]}…" for name in header if name]
    return f"{', '.join(named[:_NAMES])}{f' and {len(named) - _NAMES} more' if len(named) > _NAMES else ''}"


def choose(header: tuple[str, ...], wanted: str | None, vocabulary: Vocabulary = MODEL) -> Mapper:
    """The mapper for a table: the one asked for by name or file, else the one its header fits."""
    if wanted == "template":
        return TemplateMapper(header, vocabulary)
    if (published := standards.choose(header, wanted)) is not None:
        return published
    if wanted:
        asked = _asked_for(wanted, vocabulary)
        if isinstance(asked, TableMapping):
            asked.refuse_missing(header)
            return asked
        return forms.FormMapper(asked, header, vocabulary)
    if _is_template(header):
        return TemplateMapper(header, vocabulary)
    fitting = [mapping for mapping in built_in(vocabulary).values() if mapping.fits(header)]
    if fitting:
        return max(fitting, key=lambda mapping: (len(mapping.columns), mapping.name))
    if form := forms.fitting(header):
        return forms.FormMapper(form, header, vocabulary)
    raise LoadError(
        "the table is none of the templates (no column relationship or entity) and fits no mapping and no form: "
        f"give one with --mapping, or start from aidgraph template{forms.what_is_missing(header)}; "
        f"its columns: {_listed(header)}"
    )
