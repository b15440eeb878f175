"""JSON as it is read here: a list inside a document, or a value a line, each value cut out and parsed by itself.

Memory stays flat whatever the size of the file. Numbers keep their text, so that amounts are exact; what JSON leaves
open (a key twice, NaN, depth, size) is refused. What the values mean is not decided here.
"""

import json
import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final, TextIO

from loaders import values
from loaders.encoding import UnreadableFile, decide
from loaders.tabular import open_file

MAX_DEPTH: Final = 64
MAX_VALUE: Final = 1 << 22  # characters of one value: a grant, an entity
MAX_EXPONENT: Final = 38
_CHUNK: Final = 1 << 16
#: Strings whole, brackets, and a quote that opens what the buffer does not close.
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\]]', re.S)
_SCALAR: Final = re.compile(r"[^\s,\]}:\[{\"]*+")
_SPACE: Final = re.compile(r"[ \t\r\n]*+")
_CLOSES: Final = {"}": "{", "]": "["}


class Number(str):
    """A number as it is written in the file, without an exponent."""

    __slots__ = ()


class BadValue(ValueError):
    """A value that is no JSON, or none that can be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A value cut out of a file: its place in its list (from 0), the line it begins on (from 1), its text."""

    index: int
    line: int
    text: str


def _number(text: str) -> Number:
    if "e" not in text and "E" not in text:
        return Number(text)
    if abs(int(text.lower().partition("e")[2][:6])) > MAX_EXPONENT:
        raise BadValue(f"the number {text[: values.QUOTED]} has an exponent beyond {MAX_EXPONENT}")
    return Number(format(Decimal(text), "f"))


def _constant(text: str) -> Any:
    raise BadValue(f"{text} is no number of JSON: write a number, or leave the key out")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise BadValue(f"the key {double[: values.QUOTED]!r} stands twice: which of them counts is not clear")
    return found


_decoder: Final = json.JSONDecoder(
    parse_int=_number, parse_float=_number, parse_constant=_constant, object_pairs_hook=_pairs
)


def parse(text: str) -> Any:
    """The value of a JSON text, numbers as `Number`; raises BadValue."""
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in "}]":
            depth -= 1
    if deepest > MAX_DEPTH:
        raise BadValue(f"is nested more than {MAX_DEPTH} deep")
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise BadValue(f"is no JSON: {error.msg} at character {error.pos + 1} of it") from None


@contextmanager
def open_text(path: Path, encoding: str | None = None) -> Generator[TextIO]:
    """A file checked to its end to be text, in the encoding its bytes say; raises UnreadableFile."""
    with open_file(path) as file:
        opened = os.fstat(file.fileno())
        codec = decide(path, file, encoding)
        file.seek(0)
        reading = {"utf-8": "utf-8-sig", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}.get(codec, codec)
        if reading == "utf-16" and file.read(2) not in (b"\xff\xfe", b"\xfe\xff"):
            reading = codec
        file.seek(0)
        with TextIOWrapper(file, encoding=reading, errors="strict", newline="\n") as stream:
            yield stream
            now = os.stat(path)
            if (now.st_size, now.st_mtime_ns) != (opened.st_size, opened.st_mtime_ns):
                raise UnreadableFile(path, "has changed while it was read; load it again when it is complete")


def share(stream: TextIO) -> float:
    """How much of an open file has been read, from 0 to 1, by its bytes."""
    return min(1.0, stream.buffer.tell() / max(1, os.fstat(stream.fileno()).st_size))


class _Scanner:
    """Walks over the text of one file; `line` is the line it has come to."""

    def __init__(self, path: Path, stream: TextIO) -> None:
        self._path, self._stream = path, stream
        self._buffer, self._at, self.line = "", 0, 1

    def _more(self, keep_from: int) -> bool:
        """Reads on; what stands before `keep_from` is forgotten. False at the end of the file."""
        try:
            chunk = self._stream.read(max(_CHUNK, len(self._buffer) - keep_from))
        except (OSError, UnicodeError):
            raise UnreadableFile(self._path, "cannot be read to its end", self.line) from None
        self._buffer = self._buffer[keep_from:] + chunk
        self._at -= keep_from
        return bool(chunk)

    def _pass(self, end: int) -> str:
        text = self._buffer[self._at : end]
        self.line += text.count("\n")
        self._at = end
        return text

    def peek(self) -> str:
        """The next character that is no space; empty at the end of the file."""
        while True:
            match = _SPACE.match(self._buffer, self._at)
            self._pass(match.end() if match else self._at)
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more(self._at):
                return ""

    def take(self, wanted: str, where: str) -> str:
        """The next character, which must be one of `wanted`."""
        found = self.peek()
        if not found:
            raise self.fault(f"the file ends in {where}: it is cut, or not complete")
        if found not in wanted:
            raise self.fault(f"{found!r} stands in {where}, where {' or '.join(wanted)} must")
        self._pass(self._at + 1)
        return found

    def value(self, where: str) -> str:
        """The text of the next value; what stands in its brackets is not checked."""
        first = self.peek()
        began = self.line
        if not first:
            raise self.fault(f"the file ends in {where}: it is cut, or not complete")
        if first in "{[" or first == '"':
            return self._whole(where, began)
        while True:
            match = _SCALAR.match(self._buffer, self._at)
            end = match.end() if match else self._at
            if end < len(self._buffer) or not self._more(self._at):
                break
            self._refuse_size(len(self._buffer), where, began)
        if end == self._at:
            raise self.fault(f"{first!r} stands in {where}, where a value must")
        return self._pass(end)

    def _whole(self, where: str, began: int) -> str:
        """A string, or what stands between two brackets."""
        opened: list[str] = []
        at = self._at
        while True:
            token = _TOKEN.search(self._buffer, at)
            if token is None or token[0] == '"':
                self._refuse_size(len(self._buffer) - self._at, where, began)
                at = (token.start() if token else len(self._buffer)) - self._at
                if not self._more(self._at):
                    raise UnreadableFile(self._path, f"the file ends in {where}: it is cut, or not complete", began)
                continue
            at = token.end()
            sign = token[0]
            if sign in "{[":
                opened.append(sign)
                if len(opened) > MAX_DEPTH:
                    raise UnreadableFile(self._path, f"{where} is nested more than {MAX_DEPTH} deep", began)
            elif sign in "}]" and (not opened or opened.pop() != _CLOSES[sign]):
                self._pass(at)
                raise self.fault(f"{sign!r} closes in {where} what it did not open")
            self._refuse_size(at - self._at, where, began)
            if not opened:
                return self._pass(at)

    def _refuse_size(self, size: int, where: str, line: int) -> None:
        if size > MAX_VALUE + _CHUNK:
            raise UnreadableFile(self._path, f"{where} has more than {MAX_VALUE:,} characters", line)

    def fault(self, why: str) -> UnreadableFile:
        return UnreadableFile(self._path, why, self.line)


def listed(path: Path, stream: TextIO, key: str) -> Iterator[Item]:
    """The values of the list that stands under `key` of the document, in their order; raises UnreadableFile."""
    scanner = _Scanner(path, stream)
    if scanner.peek() == "[":
        raise scanner.fault(f'the document is a list; an object with the key "{key}" is needed')
    scanner.take("{", "the document")
    found = False
    while scanner.peek() != "}":
        name = _key(scanner)
        if name != key:
            scanner.value(f'the value of "{name[: values.QUOTED]}"')
        elif found:
            raise scanner.fault(f'the key "{key}" stands twice')
        else:
            found = True
            yield from _items(scanner, key)
        if scanner.peek() != "}":
            scanner.take(",", "the document")
    scanner.take("}", "the document")
    if rest := scanner.peek():
        raise scanner.fault(f"{rest!r} stands behind the end of the document")
    if not found:
        raise UnreadableFile(path, f'the document has no key "{key}"')


def _key(scanner: _Scanner) -> str:
    if scanner.peek() != '"':
        scanner.take('"', "the document")
    try:
        name = parse(scanner.value("a key of the document"))
    except BadValue as error:
        raise scanner.fault(f"a key of the document {error}") from None
    scanner.take(":", "the document")
    return str(name)


def _items(scanner: _Scanner, key: str) -> Iterator[Item]:
    if scanner.peek() != "[":
        raise scanner.fault(f'the value of "{key}" must be a list')
    scanner.take("[", key)
    index = 0
    while scanner.peek() != "]":
        where = f"{key}[{index}]"
        line = scanner.line
        yield Item(index=index, line=line, text=scanner.value(where))
        index += 1
        if scanner.peek() != "]":
            scanner.take(",", f"{key} behind {where}")
            if scanner.peek() == "]":
                raise scanner.fault(f"a comma stands behind the last of {key}")
    scanner.take("]", key)


def lines(path: Path, stream: TextIO) -> Iterator[Item]:
    """The lines of a file of JSON lines that are not blank; raises UnreadableFile."""
    number = index = 0
    while True:
        try:
            text = stream.readline(MAX_VALUE)
        except (OSError, UnicodeError):
            raise UnreadableFile(path, "cannot be read to its end", number + 1) from None
        if not text:
            return
        number += 1
        if len(text) >= MAX_VALUE:
            raise UnreadableFile(path, f"the line has more than {MAX_VALUE - 1:,} characters", number)
        if text.strip():
            yield Item(index=index, line=number, text=text.strip())
            index += 1


def head_text(head: bytes) -> str:
    """The first bytes of a file as text, as far as they are; for telling formats apart."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore").lstrip("\ufeff \t\r\n")
    if head[1:2] == b"\0":
        return head.decode("utf-16-le", "ignore").lstrip()
    if head[:1] == b"\0":
        return head.decode("utf-16-be", "ignore").lstrip()
    return head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "ignore").lstrip()
