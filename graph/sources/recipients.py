"""Help by recipient, each kind of it by itself: how much, how much a head, and on whom the recipient relies.

Made of the sums of `flows` by helper and recipient, of all that is counted as help: money, people, workers, projects.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, LiteralString

from graph.bindings import Calling, Shape, computed
from graph.dates import NEVER
from graph.money import minor_units
from graph.sources import flows
from graph.sources.facts import was_known
from graph.sources.totals import AMOUNT, added_parts, counted_text, whole

#: Rows that an answer lists.
MOST = 500
#: What people are counted under.
POPULATION: LiteralString = "population"
PEOPLE: LiteralString = (
    f"UNWIND $p.ids AS i MATCH (e:Entity {{id: i}})<-[c:OBSERVED_AT]-(o:Observation) WHERE {was_known('c')} "
    f"AND coalesce(c.role, 'subject') = 'subject' AND o.indicator = '{POPULATION}' AND o.value IS NOT NULL "
    "AND coalesce(o.as_of, '') <= $p.last RETURN e.id, toString(o.value), coalesce(o.as_of, ''), o.id ORDER BY o.as_of, o.id"
)
#: What sums of one kind have in common, as `flows` tells its rows apart; recipients of one level are compared.
_KIND = ("_rl", "_wh", "_ty", "_cl", "_ba", "_cu", "_me", "_ki", "_py")

(RECIPIENT, LEVEL, MEASURE, TYPE, CLASS, BASIS, UNIT, COUNTED, KINDS, PER_YEAR, SUM, HELPERS, MAIN, MAIN_SUM, MAIN_SHARE, WITHOUT,
 LEVELS, FACTS, ADDED, POPULATION_, AS_OF, PER_HEAD, MEAN, OF_MEAN) = range(24)  # fmt: skip


@dataclass(slots=True)
class _Row:
    """Help of one kind to one recipient; `sums` by helper, in minor units where it is money."""

    kind: tuple[str, ...]
    recipient: str
    sums: dict[str, int] = field(default_factory=dict[str, int])
    levels: set[str] = field(default_factory=set[str])
    facts: int = 0
    added: int = 0

    @property
    def total(self) -> int:
        return sum(self.sums.values())

    def text(self, value: int) -> str:
        return counted_text(value, self.unit, self.measure)

    @property
    def measure(self) -> str:
        return self.kind[1]

    @property
    def unit(self) -> str:
        return self.kind[5]


async def _answer(calling: Calling) -> list[Any]:
    given = calling.parameters
    by = ("helper", "recipient")
    shape = Shape(timed=calling.shape.timed, values={**calling.shape.values, "by": by, "to": True, "counted": True})
    found = _rows(await _sums(calling, shape))
    rows = [row for row in found if row.recipient]
    last = "9999" if given["until"] == NEVER else given["until"]
    ids = sorted({row.recipient for row in rows})
    people = {
        id_: (Decimal(value), as_of)
        for id_, value, as_of, _ in await calling.graph.rows(
            PEOPLE, {"ids": ids, "known": given["known"], "last": last}
        )
    }
    listed = _listed(rows, people)
    missing = _missing(rows, people)
    if not_split := sum(row.facts for row in found if not row.recipient):
        missing.append(
            f"how much of the money of {not_split:,} facts is whose: they have several recipients, or none is stated"
        )
    return [given["to"], listed[:MOST], len(listed), missing]


async def _sums(calling: Calling, shape: Shape) -> list[dict[str, Any]]:
    each, keys = flows.each_of(shape)
    names: LiteralString = ", ".join(keys)
    added: LiteralString = "CASE WHEN _y IS NULL THEN _n END"
    text = (
        f"{each}WITH {names}, count(*) AS _facts, count({added}) AS _added, {added_parts(added)} "
        f"RETURN {names}, _facts, _added, _m1, _m2 ORDER BY {names}"
    )
    rows = await flows.rows_of(calling.graph, text, calling.parameters)
    columns = (*keys, "_facts", "_added", "_m1", "_m2")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _rows(sums: Iterable[Mapping[str, Any]]) -> list[_Row]:
    found: dict[tuple[str, ...], _Row] = {}
    for one in sums:
        kind = tuple(one[name] for name in _KIND)
        row = found.setdefault((*kind, one["_r1"]), _Row(kind=kind, recipient=one["_r1"]))
        row.facts += one["_facts"]
        row.added += one["_added"]
        if one["_added"]:
            row.sums[one["_h1"]] = row.sums.get(one["_h1"], 0) + whole(one["_m1"], one["_m2"])
            row.levels.add(one["_hl"])
    return list(found.values())


def _listed(rows: Sequence[_Row], people: Mapping[str, tuple[Decimal, str]]) -> list[list[Any]]:
    """Rows of the kinds in order, within a kind those with most a head first, then those whose people are not known."""
    kinds: defaultdict[tuple[str, ...], list[_Row]] = defaultdict(list)
    for row in rows:
        kinds[row.kind].append(row)
    listed: list[list[Any]] = []
    for kind in sorted(kinds):
        alike = kinds[kind]
        counted = [row for row in alike if row.recipient in people and people[row.recipient][0] > 0 and row.sums]
        heads = sum((people[row.recipient][0] for row in counted), Decimal(0))
        mean = sum(row.total for row in counted) / heads if heads else None
        made = [_made(row, people.get(row.recipient), mean) for row in alike]
        made.sort(key=lambda one: (one[PER_HEAD] is None, -Decimal(one[PER_HEAD] or one[SUM] or 0), one[RECIPIENT]))
        listed += made
    return listed


def _made(row: _Row, people: tuple[Decimal, str] | None, mean: Decimal | None) -> list[Any]:
    level, measure, type_, class_, basis, unit, counted, kinds, per_year = row.kind
    main = min(row.sums, key=lambda id_: (-row.sums[id_], id_), default="")
    head = row.total / people[0] if people and people[0] > 0 and row.sums else None
    share = row.sums[main] / row.total if row.total > 0 and main else None
    return [
        row.recipient, level, measure, type_, class_ or None, basis or None, unit or None, counted or None,
        [one for one in kinds.split(",") if one], per_year == "yes", row.text(row.total) if row.sums else None, len(row.sums),
        main, row.text(row.sums[main]) if row.sums else None, share,
        row.text(row.total - row.sums[main]) if row.sums else None, sorted(row.levels), row.facts, row.added,
        str(people[0]) if people else None, (people[1] or None) if people else None, _per_head(row, head), _per_head(row, mean),
        float(head / mean) if head is not None and mean else None,
    ]  # fmt: skip


def _per_head(row: _Row, value: Decimal | None) -> str | None:
    """Two decimals more than the unit has."""
    if value is None:
        return None
    units = value / Decimal(10) ** minor_units(row.unit) if row.measure == AMOUNT else value
    return format(units.quantize(Decimal("0.0001"), ROUND_HALF_EVEN).normalize(), "f")


def _missing(rows: Sequence[_Row], people: Mapping[str, tuple[Decimal, str]]) -> list[str]:
    said: list[str] = [] if rows else ["any help that is counted: none is reported"]
    ids = {row.recipient for row in rows}
    if unknown := len(ids - people.keys()):
        said.append(
            f"how many people {unknown:,} of {len(ids):,} recipients have: no observation of {POPULATION} tells"
        )
    if left := sum(row.facts - row.added for row in rows):
        said.append(f"the sum of {left:,} facts: they have no figure, or may hold others or be part of others")
    if any(len(row.levels) > 1 for row in rows):
        said.append(
            "whether figures of helpers of different levels hold one another: they are added as far as helpers are named apart"
        )
    return said


BY_RECIPIENT = computed(_answer)
