"""A text as people type it, made into a question for the full-text index: data and pure functions, no Cypher.

Nothing of the text but its letters and digits reaches Lucene: it is cut into terms, never escaped.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graph.names import simplified

#: Terms that all have to be found; what comes after them is left out, since each costs the index a walk.
TERMS = 8
#: Names of one kind of office: whoever asks for one of them means the others too. The longest first.
EQUIVALENT: tuple[tuple[str, ...], ...] = (("扶贫开发办公室", "扶贫办公室", "乡村振兴局", "扶贫办"),)
#: Words the analyzer of the index leaves out of it (those of Lucene's CJKAnalyzer): asked for, they would hide everything.
LEFT_OUT = frozenset({
    "a", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of", "on", "or", "s",
    "such", "t", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with", "www",
})  # fmt: skip

#: Characters that the analyzer cuts into pairs: Han, kana and hangul.
_PAIRED = r"々〇\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
_RUNS = re.compile(rf"(?P<paired>(?:(?=\w)[{_PAIRED}])+)|(?P<plain>[^\W_{_PAIRED}]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for. `query`: for the index, empty where the text holds no term; `texts`: spellings of the whole text,
    to be compared with names; `joined`: its terms without spaces, to be compared with pinyin and initials."""

    query: str
    texts: tuple[str, ...]
    joined: str
    han: bool


def wanted(text: str) -> Wanted:
    """The text in lower case and simplified characters, cut into terms."""
    typed = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    simple = simplified(typed)
    runs = [(match.lastgroup == "paired", match.group()) for match in _RUNS.finditer(simple)]
    return Wanted(
        query=" AND ".join(_terms(runs)),
        texts=tuple(dict.fromkeys((typed, simple))),
        joined="".join(run for _, run in runs),
        han=any(paired for paired, _ in runs),
    )


def _terms(runs: Iterable[tuple[bool, str]]) -> Iterator[str]:
    kept = list(dict.fromkeys(runs))
    telling = [(paired, run) for paired, run in kept if paired or run not in LEFT_OUT]
    for paired, run in (telling or kept)[:TERMS]:
        if paired and len(run) > 1:
            variants = [f'"{variant}"' for variant in _variants(run)]
            yield variants[0] if len(variants) == 1 else f"({' OR '.join(variants)})"
        elif paired or len(run) > 1:
            yield f"{run}*"
        else:  # a letter or digit with a star is dear: it stands for a tenth of the index
            yield run


def _variants(run: str) -> tuple[str, ...]:
    """The run itself, and with each of the names its offices have gone by."""
    for names in EQUIVALENT:
        for name in names:
            if name in run:
                return tuple(dict.fromkeys((run, *(run.replace(name, other) for other in names))))
    return (run,)
