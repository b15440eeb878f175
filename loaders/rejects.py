"""What was wrong with rows: for the report, and in a file of its own."""

import csv
from collections.abc import Sequence
from pathlib import Path

from loaders.records import Issue, LoadError, Report

#: Issues kept in memory for the report; all of them are in the rejects file.
SHOWN = 1_000
_REJECTS = ("file", "line", "column", "value", "reason")


class Rejects:
    """The rejects file, made with the first rejected row and put in its place at the end."""

    def __init__(self, path: Path | None, read: Sequence[Path], report: Report) -> None:
        """`read`: files that it must not take the place of."""
        self._path = path
        self._report = report
        if self._path and self._path.exists() and any(f.exists() and self._path.samefile(f) for f in read):
            raise LoadError(f"{self._path} is one of the files to be read: name another file with --rejects")
        self._rows: set[tuple[str, int]] = set()
        self._file = None
        self._writer = None

    def add(self, issue: Issue, place: int) -> None:
        """`place` tells rows apart, of which a line may hold several."""
        if (issue.file, place) not in self._rows:
            self._rows.add((issue.file, place))
            self._report.rejected += 1
        if len(self._report.issues) < SHOWN:
            self._report.issues.append(issue)
        if self._path is None:
            return
        if self._writer is None:
            try:
                self._file = self._part.open("w", encoding="utf-8-sig", newline="")
            except OSError as error:
                raise LoadError(
                    f"rows were rejected, and their list cannot be written to {self._path} ({error.strerror}): "
                    "name another file with --rejects"
                ) from None
            self._writer = csv.writer(self._file)
            self._writer.writerow(_REJECTS)
            self._report.rejects = self._path
        cells = (issue.file, issue.line, issue.column, issue.value, issue.reason)
        # a spreadsheet must not run what a cell of the file said
        self._writer.writerow([f"'{c}" if str(c).startswith(("=", "+", "-", "@", "\t", "\r")) else c for c in cells])

    @property
    def _part(self) -> Path:
        assert self._path
        return self._path.with_name(f"{self._path.name}.part")

    def close(self) -> None:
        if self._file is not None and self._path:
            self._file.close()
            self._part.replace(self._path)
