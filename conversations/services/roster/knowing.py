"""What the roster knows of a school already, for whoever tells the next part of it. Reads only."""

from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import chain, islice
from typing import TypeVar

import msgspec

from chat_project.mongodb import Document, majority_collection
from conversations.services.roster.facts import ClassKey, StudentKey
from conversations.services.roster.keeping import read_classes, read_students
from conversations.services.roster.states import CLASSES, STUDENTS, Parent, Teacher

P = TypeVar("P", Parent, Teacher)

AT_ONCE = 1_000
"""Documents of one read."""


class KnownStudent(msgspec.Struct, frozen=True):
    """`name` is empty if no event has told it; `parents`: their names by id."""

    name: str = ""
    class_id: str | None = None
    parents: Mapping[str, str] = {}


class KnownSchool:
    """Each answer is read anew, with read concern majority. Raises pymongo's errors."""

    def __init__(self, tenant_id: str) -> None:
        self._tenant_id = tenant_id

    def teachers_of(self, class_ids: Iterable[str]) -> dict[tuple[str, str], str]:
        """The names by (class, teacher) of those who are assigned to these classes."""
        found: dict[tuple[str, str], str] = {}
        keys = (ClassKey(self._tenant_id, class_id) for class_id in class_ids)
        while some := list(islice(keys, AT_ONCE)):
            for state in read_classes(some).values():
                for each in state.teachers:
                    if each.is_assigned:
                        found[state.class_id, each.user_id] = each.user_name or ""
        return found

    def classes_of(self, teacher_ids: Iterable[str]) -> dict[tuple[str, str], str]:
        """The names by (class, teacher) of these teachers, where they are assigned."""
        wanted = set(teacher_ids)
        return {
            (state["classId"], each.user_id): each.user_name or ""
            for state, each in self._people(CLASSES, "teachers", wanted, Teacher)
            if each.is_assigned
        }

    def names_of(self, user_ids: Iterable[str]) -> dict[str, str]:
        """Of those who are known as parents or teachers, as the latest event has it."""
        wanted = set(user_ids)
        told: dict[str, Parent | Teacher] = {}
        people: Iterable[tuple[Document, Parent | Teacher]] = chain(
            self._people(CLASSES, "teachers", wanted, Teacher),
            self._people(STUDENTS, "parents", wanted, Parent),
        )
        for _, each in people:
            before = told.get(each.user_id)
            if each.user_name and (before is None or each.version > before.version):
                told[each.user_id] = each
        return {user_id: each.user_name or "" for user_id, each in told.items()}

    def _people(
        self, name: str, field: str, wanted: Set[str], kind: type[P]
    ) -> Iterator[tuple[Document, P]]:
        """Those of the tenant's documents, with the document."""
        ids = iter(sorted(wanted))
        while some := list(islice(ids, AT_ONCE)):
            query = {"tenantId": self._tenant_id, f"{field}.userId": {"$in": some}}
            for document in majority_collection(name).find(query):
                for one in document[field]:
                    if one["userId"] in wanted:
                        yield document, msgspec.convert(one, kind)

    def students(self, student_ids: Iterable[str]) -> dict[str, KnownStudent]:
        """Those of whom anything is known."""
        found: dict[str, KnownStudent] = {}
        keys = (StudentKey(self._tenant_id, student_id) for student_id in student_ids)
        while some := list(islice(keys, AT_ONCE)):
            for state in read_students(some).values():
                if state.rev:
                    found[state.student_id] = KnownStudent(
                        name=state.name.value if state.name else "",
                        class_id=state.class_id.value if state.class_id else None,
                        parents={each.user_id: each.user_name for each in state.parents},
                    )
        return found
