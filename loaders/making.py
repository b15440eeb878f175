"""Makes the records of one unit (a grant, an entity, a row) through the builder, and gathers all its faults."""

from collections.abc import Mapping

from graph.records import Claim, Entity
from loaders.cells import Cells
from loaders.records import RowError
from loaders.rows import RowBuilder


class Maker:
    """`columns`: what gives a property, for faults; a name that is not among them stands for itself."""

    def __init__(self, builder: RowBuilder, line: int, locator: str = "") -> None:
        self._builder = builder
        self._line = line
        self._locator = locator
        self.records: list[Entity | Claim] = []
        self.faults: list[RowError] = []

    def entity(
        self, label: str, id_: str, texts: Mapping[str, str | None], columns: Mapping[str, str] | None = None
    ) -> None:
        cells = self._cells(texts, columns, id=id_)
        try:
            self.records += self._builder.entity(label, cells, self._line)
        except RowError as fault:
            self._note(fault)

    def claim(
        self,
        type_: str,
        start: str,
        end: str,
        texts: Mapping[str, str | None] | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> None:
        cells = self._cells(texts or {}, columns, **{"from": start, "to": end})
        try:
            self.records += self._builder.claim(type_, cells, self._line)
        except RowError as fault:
            self._note(fault)

    def stub(self, label: str, id_: str) -> None:
        """An entity that is only named here."""
        self.records.append(Entity(label=label, id=id_, source=self._builder.document, stub=True))

    def fault(self, reason: str, column: str, value: str = "") -> None:
        self._note(RowError(reason, column=column, value=value))

    def raise_any(self) -> None:
        RowError.raise_any(self.faults)

    def _cells(self, texts: Mapping[str, str | None], columns: Mapping[str, str] | None, **more: str) -> Cells:
        filled = {name: text for name, text in texts.items() if text}
        filled |= more
        if self._locator:
            filled.setdefault("locator", self._locator)
        return Cells(filled, {name: (columns or {}).get(name, name) for name in filled})

    def _note(self, fault: RowError) -> None:
        for one in (fault, *fault.more):
            if all((one.column, one.value, one.reason) != (k.column, k.value, k.reason) for k in self.faults):
                self.faults.append(one)
