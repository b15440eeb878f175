"""What the rows of a form name, and which thing a row speaks of: ids made of names, places and numbers of one load."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from typing import Any, Final

import msgspec

from graph.model import MODEL
from graph.records import Claim, Entity
from loaders import tabular, values
from loaders.cells import Cells, partial_date
from loaders.forms.columns import ABOUT
from loaders.forms.declare import Column, Form, Holds, Rule
from loaders.records import RowError
from loaders.rows import RowBuilder

_MAX_NAME: Final = 200
_WEEK: Final = re.compile(r"(\d{4})\s*(?:-?W|年第?)\s*(\d{1,2})\s*周?", re.I)
_NAMED: Final = {Holds.ORGANIZATION: "Organization", Holds.COMPANY: "Company"}
_HAN: Final = "[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
#: Spaces between Chinese characters, as names of two are padded to the width of three.
_PADDING: Final = re.compile(rf"(?<={_HAN})\s+(?={_HAN})")


def folded(text: str) -> str:
    """A name as it is compared: half-width, with single spaces, without its letter case."""
    return tabular.header_name(text).casefold()


class Stated(msgspec.Struct, frozen=True):
    """What a row says of its own thing: its id, and by property the value with the row it stands in."""

    id: str
    values: dict[str, tuple[Any, object, int]]


class Naming:
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
            elif column.holds is Holds.PERSON:
                texts[key] = _PADDING.sub("", self._read(column, text, values.clean))
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
        place = self._place(column.of) if column.of else ""
        place = place and self._builder.place_of(name, place)
        id_ = ":".join(filter(None, ("org", self._dataset, place, self._read(column, name, _slug))))
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
        ids = self._builder.named_here.get(("Project", folded(name)), set())
        if len(ids) > 1:
            why = "several projects of this load have this name: give the number of the one that is meant"
            raise RowError(why, column=self._headers[column.key], value=name)
        return next(iter(ids), f"project:{self._dataset}:{self._read(column, name, _slug)}")

    def _own(self, texts: dict[str, str]) -> str:
        """The id of the row's own entity: of what identifies it, within the dataset."""
        if self._form.label == "ProgressReport":
            return f"report:{texts['project'].partition(':')[2]}:{texts['week']}"
        parts = [self._identifying(key, texts) for key in self._identity()]
        return ":".join((MODEL.node[self._form.label].prefixes[0].rstrip(":"), self._dataset, *parts))

    def _identifying(self, key: str, texts: dict[str, str]) -> str:
        """A part of the id: the same however the row writes it, so a place's and an organization's own id."""
        column = self._form.by_key[key]
        if column.holds in _NAMED:
            return texts[key].removeprefix(f"org:{self._dataset}:")
        if column.holds is Holds.PROJECT:
            return texts[key]
        if column.holds in (Holds.PLACE, Holds.PLACE_CODE) and (place := self._place(key.removesuffix("_code"))):
            return place
        if column.holds is Holds.DATE:
            with suppress(ValueError):  # the entity of the row is refused for it
                return partial_date(texts[key])
        return self._read(column, texts[key], _slug)

    def _place(self, key: str) -> str:
        """The id of a place that the row names; empty where it names none, or no one place is meant: then the claim of
        the row is refused for it, and tells why."""
        given = {"from": f"{key}_code", "from_name": key, "valid_from": "start"}
        cells = {name: self._texts[key] for name, key in given.items() if key in self._texts}
        if not cells.keys() & {"from", "from_name"}:
            return ""
        with suppress(RowError):
            return self._builder.end(("Place",), Cells(cells, self._headers_of(given)), "from")
        return ""

    def _headers_of(self, given: Mapping[str, str]) -> dict[str, str]:
        return {name: self._headers.get(key, "") for name, key in given.items()}

    def stated(self, rule: Rule, entity: Entity | Claim, table: object, line: int) -> Stated:
        """What the row says of its own thing; refused where another row of the load says otherwise of the same."""
        assert isinstance(entity, Entity)
        keys = {name: key for name, key in rule.fill.items() if isinstance(key, str) and key[:1] not in ("=", "@")}
        said = {n: (entity.values[n], table, line) for n in keys if n not in ABOUT and n in entity.values}
        known = self._known.get(entity.id, {})
        same = " and ".join(self._headers[key] for key in self._identity())
        for name, (value, *_) in said.items():
            before, in_table, at = known.get(name, (value, table, line))
            if before != value:
                where = f"line {at}" if in_table is table else f"line {at} of another table"
                column, apart = self._headers[keys[name]], self._form.by_key[self._form.identity[-1][0]].zh
                why = (
                    f"{where} has the same {same} and another {column}: if they are two, give each a {apart} of its own, "
                    "else make them agree"
                )
                raise RowError(why, column=column, value=self._texts[keys[name]].strip()[:100])
        return Stated(entity.id, said)

    def _identity(self) -> list[str]:
        """The columns that the id of the row's own thing is made of."""
        groups = self._form.identity
        keys = [key for group in groups if (key := next((key for key in group if key in self._texts), ""))]
        if "number" not in keys:
            groups = self._form.apart
            keys += [key for group in groups if (key := next((key for key in group if key in self._texts), ""))]
        return keys

    @property
    def _known(self) -> dict[str, dict[str, tuple[Any, object, int]]]:
        return self._builder.shared.setdefault("forms", {})

    def remember(self, texts: dict[str, str], stated: Stated) -> None:
        """Lets later rows and sheets name the row's project, and agree with what it says."""
        said = self._known.setdefault(stated.id, {})
        for name, value in stated.values.items():
            said.setdefault(name, value)
        if self._form.label == "Project":
            for key in ("name", "number"):
                if key in texts:
                    name = ("Project", folded(values.clean(texts[key])))
                    self._builder.named_here.setdefault(name, set()).add(texts["@self"])


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
