"""Whether a text may name a private person. Such texts are left out: persons are no entities here."""

import re
import unicodedata
from typing import Final

#: Letters that have no accent to be taken off.
_UNFOLDED: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
#: Behind it are most scripts that have no spaces between words; names in them are found by their characters.
_UNSPACED: Final = "\u0e00"
#: Letters from which on a word is looked for within others, and a part of a word as the short form of it.
_LONG: Final = 3


def may_name(text: str, person: str) -> bool:
    """Whether a text may hold a part of a person's name; when in doubt, it does.

    That is a word of the name, whole, in another word (Smiths), or cut (Chris of Christopher), or a character of it in a
    script without spaces. Accents and capitals are of no matter.
    """
    names, words = _words(person), _words(text)
    if not names:
        return bool(text)  # nothing tells what to look for
    joined = "".join(words)
    return any(
        name in words
        or (len(name) >= _LONG and name in joined)
        or any(len(word) >= _LONG and name.startswith(word) for word in words)
        or any(char > _UNSPACED and char in joined for char in name)
        for name in names
    )


def _words(text: str) -> list[str]:
    """The words of a text in small letters without accents."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_UNFOLDED)
    folded = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", folded))
