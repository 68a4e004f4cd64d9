"""What an event of the roster says, without its wire form. Ids are canonical, names trimmed."""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from conversations.values import Person


class Contended(Exception):
    """Other processes kept changing the same facts: to be tried again, nothing is wrong."""


class Version(NamedTuple):
    """Of the event that told a fact: the later one wins, at the same moment the greater id."""

    at: datetime
    id: str


EARLIEST = Version(datetime.min.replace(tzinfo=UTC), "")
"""Of what no event told: any event is newer."""


class StudentKey(NamedTuple):
    tenant_id: str
    student_id: str

    @property
    def document_id(self) -> str:
        return _joined(*self)


class ClassKey(NamedTuple):
    tenant_id: str
    class_id: str

    @property
    def document_id(self) -> str:
        return _joined(*self)


class StudentFact(msgspec.Struct, frozen=True, kw_only=True):
    """Whatever of it an event tells; None and no parents: it does not tell that."""

    student: StudentKey
    version: Version
    name: str | None = None
    class_id: str | None = None
    created_by: str | None = None
    parents: tuple[Person, ...] = ()


class TeacherFact(msgspec.Struct, frozen=True, kw_only=True):
    """A teacher of a class, or one no more (`is_assigned` False; then the name is unknown)."""

    school_class: ClassKey
    version: Version
    user_id: str
    user_name: str | None = None
    is_head: bool = False
    is_assigned: bool = True


Fact = StudentFact | TeacherFact


def _joined(*ids: str) -> str:
    """As JSON, because ids may hold any other sign between them."""
    return msgspec.json.encode(ids).decode()
