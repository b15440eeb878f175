"""From the graph to proposals: names and identifiers of all entities of a label in memory, all else of those compared."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heappush, heapreplace
from urllib.parse import unquote

from graph.canonical import Settled
from graph.engine import Graph
from graph.matching import names, scoring
from graph.matching.candidates import Candidates
from graph.matching.scoring import Score, Subject
from graph.model import MODEL, Vocabulary
from graph.names import has_han, pinyin
from graph.sources import matches
from graph.sources.matches import NO_TIES, Ties
from graph.write import merging

#: Pairs proposed, and the score from which a pair is, unless told.
LIMIT, MIN_SCORE = 1_000, 0.75
#: Pairs of which places and money are looked at; those most alike by name.
_LOOKED_AT = 50_000
_STEP = 5_000

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Two entities that may be one. `score` from 0 to 1; reasons that begin with `against:` lower it."""

    score: float
    reasons: tuple[str, ...]
    a: Subject
    b: Subject
    a_places: tuple[str, ...] = ()
    b_places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """The pairs with the highest scores; how many entities and pairs of them were compared, and pairs fit to be proposed."""

    proposals: tuple[Proposal, ...]
    entities: int
    compared: int
    fitting: int


async def propose(
    graph: Graph,
    label: str = "Organization",
    *,
    limit: int = LIMIT,
    min_score: float = MIN_SCORE,
    skip: Iterable[tuple[str, str]] = (),
    progress: Progress = lambda _stage, _done, _total: None,
    vocabulary: Vocabulary = MODEL,
) -> Proposed:
    """The `limit` pairs that score highest, in order of score, then of ids. Pairs decided on, or in `skip`, are left out."""
    settled = await merging.settled(graph, vocabulary)
    decided = _Decided(settled, skip)
    rarity, subjects = await _subjects(graph, label, progress, vocabulary)
    floor = max(min_score - scoring.MORE, 0.0)
    found = _Best(_LOOKED_AT)
    with Candidates() as candidates:
        for number, subject in enumerate(subjects):
            candidates.add(number, _keys(subject, rarity))
            if number % _STEP == 0:
                progress("blocking", number, len(subjects))
        compared = 0
        for i, j in candidates.pairs():
            compared += 1
            if compared % _STEP == 0:
                progress("comparing", i, len(subjects))
            one, other = subjects[i], subjects[j]
            if decided.holds(one, other):
                continue
            name = scoring.of_names(one, other, rarity, floor / scoring.NAME)
            if scoring.same_identifiers(one, other):
                found.add(2.0, i, j, name)
            elif scoring.NAME * name.value >= floor:
                found.add(name.value, i, j, name)
    progress("comparing", len(subjects), len(subjects))
    listed = await _scored(graph, found.pairs(), subjects, min_score, vocabulary)
    best = _one_a_pair(sorted(listed, key=lambda p: (-p.score, p.a.id, p.b.id)))
    return Proposed(proposals=tuple(best[:limit]), entities=len(subjects), compared=compared, fitting=len(best))


class _Decided:
    """Pairs that are not to be proposed: one by decisions, different by them, or told."""

    def __init__(self, settled: Settled, skip: Iterable[tuple[str, str]]) -> None:
        pairs = (*skip, *settled.different, *(left.decision.pair for left in settled.left))
        self._pairs = {tuple(sorted(map(settled.of, pair))) for pair in pairs}

    def holds(self, one: Subject, other: Subject) -> bool:
        if one.stands_for == other.stands_for:
            return True
        return bool(self._pairs) and tuple(sorted((one.stands_for, other.stands_for))) in self._pairs


class _Best:
    """The pairs that are most alike by name, so many at most; equals by their numbers."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heap: list[tuple[float, int, int, Score]] = []

    def add(self, value: float, i: int, j: int, name: Score) -> None:
        entry = (value, -i, -j, name)
        if len(self._heap) < self._most:
            heappush(self._heap, entry)
        elif entry[:3] > self._heap[0][:3]:
            heapreplace(self._heap, entry)

    def pairs(self) -> list[tuple[int, int, Score]]:
        return [(-i, -j, name) for _, i, j, name in sorted(self._heap, key=lambda e: (-e[0], -e[1], -e[2]))]


async def _subjects(
    graph: Graph, label: str, progress: Progress, vocabulary: Vocabulary
) -> tuple[names.Rarity, list[Subject]]:
    """All entities of a label that have a name or an identifier, by id, and how rare the words of their names are."""
    counts: Counter[str] = Counter()
    subjects: list[Subject] = []
    async for subject in _read(graph, label, vocabulary):
        counts.update({token for name in subject.names for token in names.tokens(name)})
        subjects.append(subject)
        if len(subjects) % _STEP == 0:
            progress("reading", len(subjects), 0)
    subjects.sort(key=lambda subject: subject.id)
    return names.Rarity(counts, len(subjects)), subjects


async def _read(graph: Graph, label: str, vocabulary: Vocabulary) -> AsyncIterator[Subject]:
    async for id_, type_, canonical, name, english, short, aliases, syllables, identifiers in matches.named(
        graph, label, vocabulary
    ):
        written = dict.fromkeys(n for n in (name, english, short, *(aliases or ())) if n)
        folded = list(dict.fromkeys(f for n in written if (f := names.folded(n))))[: names.MOST]
        known = {_plain(one) for one in (*(identifiers or ()), _own(id_)) if one}
        if folded or known:
            own = names.folded(name) if name else ""
            yield Subject(
                id=id_,
                type=type_,
                name=name or id_,
                stands_for=canonical,
                names=tuple(folded),
                readings=tuple(_reading(f, syllables if f == own else "") for f in folded),
                identifiers=tuple(sorted(known)),
                person=type_ == "Official",
            )


def _reading(name: str, syllables: str | None) -> str:
    """Pinyin of a Chinese name, the stored one where it is of this name."""
    return (syllables or pinyin(name)).replace(" ", "") if has_han(name) else ""


def _own(id_: str) -> str:
    """The identifier that an id is made of: org:GB-CHC-1 of GB-CHC-1; empty where it is made of names."""
    prefix, _, rest = id_.partition(":")
    return f"org-id:{unquote(rest)}" if prefix == "org" and "-" in rest and ":" not in rest else ""


def _plain(identifier: str) -> str:
    """An identifier as it is compared: without spaces, in small letters; org-id lists are written in both."""
    return "".join(unquote(identifier).split()).casefold()


def _keys(subject: Subject, rarity: names.Rarity) -> Iterable[str]:
    for name, reading in zip(subject.names, subject.readings, strict=True):
        yield from names.keys(name, reading, rarity)
    for identifier in subject.identifiers:
        yield f"#{identifier}"


async def _scored(
    graph: Graph,
    pairs: Sequence[tuple[int, int, Score]],
    subjects: Sequence[Subject],
    min_score: float,
    vocabulary: Vocabulary,
) -> list[Proposal]:
    """Proposals of the pairs that score so much with all that is known of them."""
    ties: dict[str, Ties] = {}
    called: dict[str, str] = {}
    async for id_, own, places in matches.ties(
        graph, (subjects[n].id for i, j, _ in pairs for n in (i, j)), vocabulary
    ):
        ties[id_] = own
        called.update(places)
    shared: set[str] = set()
    for i, j, _ in pairs:
        shared |= {p[1:] for p in _ties(ties, subjects[i]).parties & _ties(ties, subjects[j]).parties}
    called |= await matches.called(graph, sorted(shared - called.keys()))
    found: list[Proposal] = []
    for i, j, name in pairs:
        one, other = subjects[i], subjects[j]
        total = scoring.score(one, other, name, ties, called)
        if total.value >= min_score:
            found.append(
                Proposal(
                    score=total.value,
                    reasons=tuple(total.reasons),
                    a=one,
                    b=other,
                    a_places=_places(ties, one, called),
                    b_places=_places(ties, other, called),
                )
            )
    return found


def _ties(ties: dict[str, Ties], subject: Subject) -> Ties:
    return ties.get(subject.id, NO_TIES)


def _places(ties: dict[str, Ties], subject: Subject, called: dict[str, str]) -> tuple[str, ...]:
    return tuple(sorted(called.get(id_, id_) for id_ in _ties(ties, subject).places))


def _one_a_pair(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Of entities that are one already, each two groups once: the first of their proposals."""
    met: set[tuple[str, ...]] = set()
    kept: list[Proposal] = []
    for proposal in proposals:
        pair = tuple(sorted((proposal.a.stands_for, proposal.b.stands_for)))
        if pair not in met:
            met.add(pair)
            kept.append(proposal)
    return kept
