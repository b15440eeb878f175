"""Percentages of an activity by sector, country and region, as read: nothing is rebased, and what is too much is told."""

from decimal import Decimal

import msgspec

from graph.records import Claim, Value
from loaders import values
from loaders.iati import texts
from loaders.records import RowError

#: More than that, of one vocabulary, cannot be shares of one activity.
MOST = 101


class _Share(msgspec.Struct):
    line: int
    scheme: str
    read: list[str]
    certainty: str = "stated"


class Shares:
    """What an activity is in, with its shares; `type_` and `name` are those of the claims and of their percentage."""

    def __init__(self, type_: str, name: str) -> None:
        self._type, self._name = type_, name
        self._by_id: dict[str, _Share] = {}

    def add(self, id_: str, scheme: str, percentage: str, line: int, element: str) -> None:
        """`scheme`: the vocabulary in which shares come to 100; the same id again adds to its share.

        Refuses a share below 0.
        """
        if (_sum([percentage]) or 0) < 0:
            reason = "is below 0: a share lies between 0 and 100"
            raise RowError(reason, column=f"{element}/@percentage", value=percentage[:100])
        share = self._by_id.setdefault(id_, _Share(line=line, scheme=scheme, read=[]))
        share.read.append(percentage)

    def imply(self, ids: set[str], line: int) -> None:
        """Of transactions: the activity is in it too, with no share of its own."""
        for id_ in sorted(ids - self._by_id.keys()):
            self._by_id[id_] = _Share(line=line, scheme="", read=[""], certainty="implied")

    def claims(self, start: str, source: str) -> list[Claim]:
        return [
            Claim(
                type=self._type,
                start=start,
                end=id_,
                source=source,
                locator=f"line {share.line}",
                values=self._values(share),
            )
            for id_, share in self._by_id.items()
        ]

    def excess(self) -> list[tuple[str, Decimal]]:
        """(vocabulary, sum of its percentages) where that is more than can be."""
        sums: dict[str, Decimal] = {}
        for share in self._by_id.values():
            if (known := _sum(share.read)) is not None:
                sums[share.scheme] = sums.get(share.scheme, Decimal(0)) + known
        return [(scheme, total) for scheme, total in sums.items() if total > MOST]

    def _values(self, share: _Share) -> dict[str, Value]:
        said: dict[str, Value] = {"certainty": share.certainty}
        known = _sum(share.read)
        if known is not None:
            said[self._name] = format(known.normalize() if known else Decimal(0), "f")
        if len(share.read) > 1:
            said["note"] = (
                f"listed {len(share.read)} times: {', '.join(texts.line(text, 40) or 'no share' for text in share.read[:9])}"
            )
        elif known is None and share.read[0]:
            said["note"] = f"percentage as read: {texts.line(share.read[0], 100)!r}, which is no number"
        return said


def _sum(read: list[str]) -> Decimal | None:
    """The sum of what can be read, None where nothing can."""
    total: Decimal | None = None
    for text in read:
        try:
            number = values.percent(text)
        except ValueError:
            continue
        total = number if total is None else total + number
    return total
