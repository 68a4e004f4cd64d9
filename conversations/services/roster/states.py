"""What all events so far say of a student and of a class, and how one more changes it. Pure.

Each value has the version that told it and gives way to a newer one only, so the same events give
the same state in any order and however often they come.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from chat_project.mongodb import Document
from conversations.services.roster.facts import (
    ClassKey,
    StudentFact,
    StudentKey,
    TeacherFact,
    Version,
)
from conversations.values import Role

STUDENTS, CLASSES = "roster_students", "roster_classes"

PASSES = 20
"""Of reading, merging and writing: repeated only when another process changed the same documents."""


class _Told(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """Told by the event `id` of the moment `at`."""

    at: datetime
    id: str

    @property
    def version(self) -> Version:
        return Version(self.at, self.id)


class Said(_Told, frozen=True, kw_only=True):
    value: str


class Parent(_Told, frozen=True, kw_only=True):
    user_id: str
    user_name: str


class Teacher(_Told, frozen=True, kw_only=True):
    """`user_name` is None only of one who is not assigned."""

    user_id: str
    user_name: str | None = None
    is_head: bool = False
    is_assigned: bool = True


class AppliedPerson(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Whom the roster has brought in, or found there, as what. `is_kept`: it wanted the person out
    or no Admin, and the group had no other Admin."""

    user_id: str
    user_name: str
    role: Role
    is_kept: bool = False


class Applied(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What the roster has made of a group; `name` is the student's."""

    conversation_id: str
    name: str | None = None
    class_id: str | None = None
    people: tuple[AppliedPerson, ...] = ()


class StudentState(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """A document of `roster_students`; `rev` counts its changes, 0: there is none yet."""

    tenant_id: str
    student_id: str
    rev: int = 0
    name: Said | None = None
    class_id: Said | None = None
    created_by: Said | None = None
    parents: tuple[Parent, ...] = ()
    applied: Applied | None = None

    @property
    def key(self) -> StudentKey:
        return StudentKey(self.tenant_id, self.student_id)

    @property
    def class_key(self) -> ClassKey | None:
        return ClassKey(self.tenant_id, self.class_id.value) if self.class_id else None

    def with_fact(self, fact: StudentFact) -> "StudentState":
        """Equal to this one if the fact is not newer."""
        version = fact.version
        parents = [
            Parent(user_id=one.user_id, user_name=one.user_name, at=version.at, id=version.id)
            for one in fact.parents
        ]
        return replace(
            self,
            name=_newer(self.name, fact.name, version),
            class_id=_newer(self.class_id, fact.class_id, version),
            created_by=_newer(self.created_by, fact.created_by, version),
            parents=_merged(self.parents, parents),
        )


class ClassState(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """A document of `roster_classes`; `rev` as of a student."""

    tenant_id: str
    class_id: str
    rev: int = 0
    teachers: tuple[Teacher, ...] = ()

    @property
    def key(self) -> ClassKey:
        return ClassKey(self.tenant_id, self.class_id)

    def with_fact(self, fact: TeacherFact) -> "ClassState":
        teacher = Teacher(
            user_id=fact.user_id,
            user_name=fact.user_name,
            is_head=fact.is_head,
            is_assigned=fact.is_assigned,
            at=fact.version.at,
            id=fact.version.id,
        )
        return replace(self, teachers=_merged(self.teachers, [teacher]))


def as_fields(state: msgspec.Struct) -> Document:
    """Its fields as they are stored; what is empty is absent."""
    fields: Document = msgspec.to_builtins(state, builtin_types=(datetime,))
    return fields


P = TypeVar("P", Parent, Teacher)


def _newer(known: Said | None, value: str | None, version: Version) -> Said | None:
    if value is None or (known is not None and known.version >= version):
        return known
    return Said(value=value, at=version.at, id=version.id)


def _merged(known: tuple[P, ...], told: Iterable[P]) -> tuple[P, ...]:
    """By the order of the ids, so that it does not tell which event came first."""
    people = {one.user_id: one for one in known}
    for one in told:
        before = people.get(one.user_id)
        if before is None or one.version > before.version:
            people[one.user_id] = one
    return tuple(sorted(people.values(), key=lambda one: one.user_id))
