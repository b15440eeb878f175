"""Matching what a row names to an entity: by id, by code, or by a name that only one has. Never a guess."""

import unicodedata
from collections.abc import Iterable

from graph import names
from graph.dates import NEVER, span
from graph.model import MODEL, Vocabulary
from graph.sources.directory import Named
from loaders import values
from loaders.records import RowError

_SHOWN = 6
_NOTED = 1_000  # converted names kept
_NO_PLACES = "no places are known yet: load them before (China's come with `aidgraph seed`), or name their file too"
#: Words of level that names of offices begin with.
_LEVELS = frozenset("省州市盟县旗区镇乡村")
#: Characters of a name behind those of its parents; longer texts are none.
_COMPOUND = 100


class Directory:
    """Entities that can be named: those of the graph, and those earlier rows of the run have brought."""

    def __init__(self, entities: Iterable[Named] = (), vocabulary: Vocabulary = MODEL) -> None:
        self._vocabulary = vocabulary
        self._added = 0
        self._prefixes = tuple({prefix for node in vocabulary.nodes for prefix in node.prefixes})
        self._by_id: dict[str, Named] = {}
        self._by_code: dict[str, dict[str, Named]] = {}
        self._by_name: dict[str, dict[str, Named]] = {}
        #: Names in traditional characters that were found in simplified ones, with whose they were taken to be.
        self.converted: dict[str, str] = {}
        for entity in entities:
            self.add(entity)

    @property
    def size(self) -> int:
        return self._added

    def add(self, entity: Named) -> None:
        self._added += 1
        self._by_id[entity.id] = entity
        if entity.code:
            self._by_code.setdefault(entity.code, {})[entity.id] = entity
        for name in self._names(entity):
            self._by_name.setdefault(name, {})[entity.id] = entity

    @staticmethod
    def _names(entity: Named) -> set[str]:
        written = [entity.name, *entity.names]
        return {_folded(name) for name in (*written, *names.short_names(entity.name)) if name}

    def is_id(self, text: str) -> bool:
        return text.startswith(self._prefixes) and text not in self._prefixes

    def begins_with_place(self, name: str) -> bool:
        """Whether a name begins with the full name of a place, smaller than a country, that alone has it."""
        text = _folded(name)[:_COMPOUND]
        for end in range(2, len(text)):
            found = [e for e in self._by_name.get(text[:end], {}).values() if _folded(e.name) == text[:end]]
            if len(found) == 1 and self._fits(found[0], ("Place",)) and found[0].type != "Country":
                return True
        return False

    def of_level(self, id_: str, level: str) -> str:
        """Of a place and those it is part of the one whose name ends with a word of level (县, 州, 市); else the place."""
        level = names.simplified(level)
        if (place := self._by_id.get(id_)) is None or level not in _LEVELS or place.name.endswith(level):
            return id_
        above = [parent for parent in self._ancestors(place) if parent in self._by_id]
        found = [parent for parent in above if self._by_id[parent].name.endswith(level)]
        return found[0] if len(found) == 1 else id_

    def find(self, labels: tuple[str, ...], *, code: str = "", name: str = "", within: str = "", at: str = "") -> str:
        """Id of the one entity meant. `code`: an id or a division code; `within`: id, code or name of a parent;
        `at`: a partial date on which it existed, where codes or names were used again. Raises RowError."""
        if name and not code and self.is_id(name):
            code, name = name, ""
        if code:
            found = self._coded(code, at)
            if found and name and not any(_folded(name) in self._names(entity) for entity in found):
                raise RowError(
                    f"{code} is {found[0].name}, not {name}: correct the code or the name", value=f"{code} {name}"
                )
            if not found:
                return code  # an id of something without a name list: the check against the graph decides
            named = [entity for entity in found if name and _folded(name) in self._names(entity)]
            return self._one(named or found, code, at)
        if not name:
            raise RowError("is empty: give an id, a code or a name")
        found = [entity for entity in self._by_name.get(_folded(name), {}).values() if self._fits(entity, labels)]
        if within:
            parents = {entity.id for entity in self._all(within)}
            found = [entity for entity in found if parents & self._ancestors(entity)]
        if not found and not within:
            found = [entity for entity in self._compound(name) if self._fits(entity, labels)]
        if not found and not self._by_id:
            raise RowError(_NO_PLACES, value=name)
        if not found:
            inside = f" within {within}" if within else ""
            raise RowError(
                f"no place, group or programme of this name{inside} is known: give its id or code", value=name
            )
        exact = [entity for entity in found if _folded(entity.name) == _folded(name)]
        id_ = self._one(exact or found, name, at)
        own = (self._by_id[id_].name, *self._by_id[id_].names)
        if names.simplified(name) != name and name not in own and len(self.converted) < _NOTED:
            self.converted[name] = id_
        return id_

    def told(self, id_: str) -> str:
        """An entity with its name and what it lies in, for a message."""
        entity = self._by_id[id_]
        return f"{id_} {entity.name}{self._parents(entity)}"

    def _compound(self, name: str) -> list[Named]:
        """Places meant by their name behind the names of their parents: 广东省广州市天河区.

        Goes on only from where a known place ends, so that any other text costs one look-up a character.
        """
        text = _folded(name)
        if len(text) > _COMPOUND:
            return []
        ends = range(2, len(text) - 1)  # what is left behind a parent has two characters at least
        reached = {end: found for end in ends if (found := self._by_name.get(text[:end], {}))}
        direct, whole = set(reached), dict[str, Named]()
        for start in ends:
            for end in range(start + 2, len(text) + 1) if start in reached else ():
                if end in direct:
                    continue
                for entity in self._by_name.get(text[start:end], {}).values():
                    if reached[start].keys() & self._ancestors(entity):
                        (whole if end == len(text) else reached.setdefault(end, {}))[entity.id] = entity
        return list(whole.values())

    def _coded(self, code: str, at: str) -> list[Named]:
        if self.is_id(code):
            return [self._by_id[code]] if code in self._by_id else []
        plain = values.place_code(code)
        found = list(self._by_code.get(plain, {}).values())
        if not found:
            if not self._by_code:
                raise RowError(_NO_PLACES, value=code)
            raise RowError("is no code of a known place: correct it, or load the place first", value=code)
        return found

    def _one(self, found: list[Named], what: str, at: str) -> str:
        if len(found) > 1:
            day = span(at)[1] if at else NEVER
            there = [entity for entity in found if _exists(entity, day)]
            found = there or found
        if len(found) > 1:
            shown = "; ".join(f"{e.id} {e.name}{self._parents(e)}" for e in sorted(found, key=lambda e: e.id)[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise RowError(
                f"{len(found)} places are called this: {shown}{more}. Give the code, the names of what it lies in before it, "
                "or the parent in the column {within}",
                value=what,
            )
        return found[0].id

    def _parents(self, entity: Named) -> str:
        parents = [self._by_id[parent].name for parent in entity.parents if parent in self._by_id]
        return f" ({', '.join(parents)})" if parents else ""

    def _ancestors(self, entity: Named) -> set[str]:
        seen: set[str] = set()
        waiting = list(entity.parents)
        while waiting:
            if (parent := waiting.pop()) not in seen:
                seen.add(parent)
                waiting += self._by_id[parent].parents if parent in self._by_id else ()
        return seen

    def _all(self, what: str) -> list[Named]:
        if self.is_id(what):
            return [self._by_id[what]] if what in self._by_id else []
        if what.isdigit():
            return list(self._by_code.get(values.place_code(what), {}).values())
        return list(self._by_name.get(_folded(what), {}).values())

    def _fits(self, entity: Named, labels: tuple[str, ...]) -> bool:
        return any(label == "Entity" or self._vocabulary.is_a(entity.type, label) for label in labels)


def _folded(name: str) -> str:
    """A name as it is compared: half-width, in simplified characters, without letter case and spaces."""
    plain = names.simplified(name)
    if plain != name:  # twice, since 乾縣 becomes 乾县, and that 干县
        plain = names.simplified(plain)
    return "".join(unicodedata.normalize("NFKC", plain).casefold().split())


def _exists(entity: Named, day: str) -> bool:
    """Whether it may exist on the day; `day` NEVER means now and on."""
    begins = span(entity.valid_from)[0] if entity.valid_from else ""
    if day == NEVER:
        return not entity.valid_to
    return begins <= day and (not entity.valid_to or day < span(entity.valid_to)[1])
