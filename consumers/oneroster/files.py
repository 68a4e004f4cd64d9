"""CSV files, alone, in a folder or in a zip, read row by row."""

import csv
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from zipfile import BadZipFile, ZipFile, is_zipfile

import msgspec

from consumers.errors import Refused

if TYPE_CHECKING:
    from _csv import Reader

ENCODING = "utf-8-sig"
"""With a byte order mark or without."""
MAX_ROWS = 200_000
"""Of all files together: some 150 MB of memory."""


class Kind(Enum):
    """What a file is about, told by its columns; its name does not matter."""

    USERS = "users"
    ENROLLMENTS = "enrollments"
    CLASSES = "classes"
    ORGS = "orgs"
    MANIFEST = "manifest"
    OTHER = "other"


OF_A_SCHOOL = frozenset({Kind.USERS, Kind.ENROLLMENTS, Kind.CLASSES})
WANTED = (
    "sourcedId, givenName, familyName, role; or classSourcedId, userSourcedId, role;"
    " or sourcedId, title, classType"
)


class Row(msgspec.Struct, frozen=True):
    """One row under its header; `line` is where it begins, from 1 on, the header's included."""

    file: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Trimmed; empty if there is no such column."""
        return self.cells.get(column.lower(), "")


class Refusal(msgspec.Struct, frozen=True):
    """Why a row, or a part of it, was not taken. `column` None: the row as a whole."""

    file: str
    line: int
    column: str | None
    problem: str


class Table(msgspec.Struct, frozen=True):
    """A file whose header was read; `rows` gives a refusal for a row that is none, and can be gone
    through once."""

    name: str
    kind: Kind
    columns: frozenset[str]
    rows: Iterator[Row | Refusal]

    def has(self, column: str) -> bool:
        return column.lower() in self.columns


def tables(paths: Sequence[Path]) -> Iterator[Table]:
    """Each file in turn, open while it is the one at hand. Raises Refused for what cannot be read,
    before or while its rows are gone through, and at the end if there was no file of a school."""
    is_school = False
    for table in _tables(paths):
        is_school = is_school or table.kind in OF_A_SCHOOL
        yield table
    if not is_school:
        names = ", ".join(str(path) for path in paths)
        raise Refused(
            f"{names}: no file of users, enrollments or classes: wanted are CSV files, or folders"
            f" (not the folders in them) or zips of them, with the columns {WANTED}"
        )


def _tables(paths: Sequence[Path]) -> Iterator[Table]:
    budget = iter(range(MAX_ROWS))
    for path in paths:
        if path.is_dir():
            for each in _listed(path):
                yield from _table(each, each.name, budget)
        elif is_zipfile(path):
            yield from _zipped(path, budget)
        else:
            yield from _table(path, path.name, budget, must_be_known=True)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(each for each in folder.iterdir() if each.suffix.lower() == ".csv")
    except OSError as error:
        raise Refused(f"{folder}: {error.strerror or error}") from error


def _table(
    path: Path, name: str, budget: Iterator[int], *, must_be_known: bool = False
) -> Iterator[Table]:
    try:
        with path.open(encoding=ENCODING, newline="") as text:
            yield _read(text, name, budget, must_be_known=must_be_known)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror or error}") from error


def _zipped(path: Path, budget: Iterator[int]) -> Iterator[Table]:
    try:
        with ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name.lower().endswith(".csv") and not name.startswith("__MACOSX"):
                    binary = archive.open(name)
                    with io.TextIOWrapper(binary, encoding=ENCODING, newline="") as text:
                        yield _read(text, f"{path.name}/{name}", budget)
    except (BadZipFile, OSError, EOFError, RuntimeError, zlib.error) as error:
        raise Refused(f"{path}: no zip that can be read: {error}") from error


def _read(text: TextIO, name: str, budget: Iterator[int], *, must_be_known: bool = False) -> Table:
    reader = csv.reader(text, strict=True)
    with _unreadable_as_refused(name):
        header = [column.strip() for column in next(reader, [])]
    columns = [column.lower() for column in header]
    kind = _kind(frozenset(columns))
    if kind is Kind.OTHER and must_be_known:
        raise Refused(
            f"{name}: no file of users, enrollments or classes by its columns"
            f" ({', '.join(header)[:200] or 'there are none'}); wanted are, parted by commas, {WANTED}"
        )
    return Table(name, kind, frozenset(columns), _rows(reader, name, columns, budget))


def _kind(columns: frozenset[str]) -> Kind:
    if {"givenname", "familyname", "role"} <= columns and columns & {"sourcedid", "usersourcedid"}:
        return Kind.USERS
    if {"usersourcedid", "classsourcedid", "role"} <= columns:
        return Kind.ENROLLMENTS
    if {"sourcedid", "classtype"} <= columns:
        return Kind.CLASSES
    if {"sourcedid", "name", "type", "parentsourcedid"} <= columns:
        return Kind.ORGS
    if {"propertyname", "value"} <= columns:
        return Kind.MANIFEST
    return Kind.OTHER


def _rows(
    reader: "Reader", name: str, columns: Sequence[str], budget: Iterator[int]
) -> Iterator[Row | Refusal]:
    while True:
        line = reader.line_num + 1
        with _unreadable_as_refused(name, line):
            cells = next(reader, None)
        if cells is None:
            return
        if next(budget, None) is None:
            raise Refused(f"{name} line {line}: over {MAX_ROWS} rows in all files together")
        if len(cells) > len(columns):
            yield Refusal(name, line, None, f"{len(cells)} cells under {len(columns)} columns")
        elif any(cell.strip() for cell in cells):
            named = zip(columns, cells, strict=False)  # what is missing at the end is empty
            yield Row(name, line, {column: cell.strip() for column, cell in named})


@contextmanager
def _unreadable_as_refused(name: str, line: int = 1) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise Refused(f"{name} line {line} or soon after: not UTF-8 ({error.reason})") from error
    except csv.Error as error:
        raise Refused(f"{name} line {line}: no CSV: {error}") from error
