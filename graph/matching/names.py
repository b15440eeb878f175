"""Names as they are compared: their words, how rare these are, how alike two names are, and keys that alike names share.

Pure functions. Chinese names are compared by pairs of neighbouring characters, others by their words.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from math import log

from rapidfuzz import fuzz

from graph.names import has_han, simplified

#: Words that do not tell organizations apart: little words of some languages, and forms of companies.
_EMPTY_WORDS = frozenset(
    re.findall(
        r"\w+",
        "the of and for in at on a an de la le les du des et y e o da do dos das del el los las der die das und van "
        "ltd limited inc incorporated llc plc gmbh sa sarl co corp corporation company cic cio",
    )
)
_EMPTY_HAN = re.compile("有限责任公司|股份有限公司|有限公司|集团")
#: Characters of a name that are looked at, and names of an entity.
LONGEST, MOST = 200, 8
#: Two words so alike may be one, misspelt.
_MISSPELT = 85.0
_MISSPELT_LENGTH = 4
#: Words of a name, the rarest ones, of which each two are a key.
_RAREST = 4
_AFFIX = 6


def folded(name: str) -> str:
    """A name in small letters without accents, marks and words that tell nothing; Chinese simplified, without spaces."""
    plain = unicodedata.normalize("NFKC", name[:LONGEST]).casefold()
    if has_han(plain):
        words = re.sub(r"[\W_]+", "", simplified(plain))
        return _EMPTY_HAN.sub("", words) or words
    bare = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    words = re.sub(r"[\W_]+", " ", bare.replace("&", " and ").replace("'", "")).split()
    return " ".join([word for word in words if word not in _EMPTY_WORDS] or words)


@lru_cache(maxsize=100_000)
def tokens(name: str) -> tuple[str, ...]:
    """The words of a folded name; of a Chinese one each two neighbouring characters."""
    if " " not in name and has_han(name):
        return tuple(dict.fromkeys(name[n : n + 2] for n in range(len(name) - 1))) or (name,)
    return tuple(name.split())


def squeezed(name: str) -> str:
    return name.replace(" ", "")


class Rarity:
    """How much a word tells: the fewer names have it, the more."""

    def __init__(self, counts: Mapping[str, int], names: int) -> None:
        self._counts = counts
        self._names = max(names, 2)

    def of(self, token: str) -> float:
        return log(1 + self._names / (1 + self._counts.get(token, 0)))


def likeness(one: str, other: str, rarity: Rarity) -> float:
    """From 0 to 1, of two folded names: how much of their words is common, the rare ones counting most, and their letters.

    Names whose numbers differ (No. 1, No. 2) are hardly alike.
    """
    ours, theirs = tokens(one), tokens(other)
    if one == other or sorted(ours) == sorted(theirs):
        return 1.0
    letters = max(fuzz.ratio(squeezed(one), squeezed(other)), fuzz.token_sort_ratio(one, other)) / 100
    found = 0.35 * letters + 0.65 * _common(ours, theirs, rarity)
    return found / 2 if _numbers(one) != _numbers(other) else found


def _common(ours: tuple[str, ...], theirs: tuple[str, ...], rarity: Rarity) -> float:
    """The share of common words, weighted; misspelt ones count as far as they are alike."""
    left, right = [t for t in ours if t not in theirs], [t for t in theirs if t not in ours]
    shared = sum(rarity.of(token) for token in ours if token in theirs)
    total = shared
    for token in left:
        best, most = "", 0.0
        for candidate in right if len(token) >= _MISSPELT_LENGTH else ():
            alike = fuzz.ratio(token, candidate, score_cutoff=_MISSPELT)
            if alike > most:
                best, most = candidate, alike
        weight = rarity.of(token)
        if best:
            right.remove(best)
            shared += weight * most / 100
        total += weight
    total += sum(rarity.of(token) for token in right)
    return shared / total if total else 0.0


_NUMBER = re.compile("[0-9]+|[一二三四五六七八九十]+(?=[中小院区团师队号局处])|第[一二三四五六七八九十]+")


def _numbers(name: str) -> list[str]:
    return sorted(_NUMBER.findall(name))


def acronym(name: str) -> str:
    """First letters of a name of three words or more; empty where it has fewer."""
    words = tokens(name)
    return "".join(word[0] for word in words) if len(words) > 2 and not has_han(name) else ""


def keys(name: str, reading: str, rarity: Rarity) -> Iterator[str]:
    """What names that are alike are likely to share: words, two rare words, a beginning, an end, initials, pinyin.

    `reading`: pinyin of a Chinese name without spaces, else empty.
    """
    words = tokens(name)
    rarest = sorted(words, key=lambda token: (-rarity.of(token), token))[:_RAREST]
    together = squeezed(name)
    yield f"={' '.join(sorted(words))}"
    for token in rarest:
        yield f"t{token}"
    for two in combinations(sorted(rarest), 2):
        yield f"2{' '.join(two)}"
    if len(together) >= _AFFIX:
        yield f"p{together[:_AFFIX]}"
        yield f"s{together[-_AFFIX:]}"
    if short := acronym(name):
        yield f"a{short}"
    elif len(words) == 1 and 3 <= len(name) <= 6:
        yield f"a{name}"
    if spoken := reading or ("" if has_han(name) else together):
        yield f"y{spoken[: 2 * _AFFIX]}"
