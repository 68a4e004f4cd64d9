"""What the roster knows of a school already, for whoever tells the next part of it. Reads only."""

from collections.abc import Iterable, Mapping
from itertools import islice

import msgspec

from conversations.services.roster.facts import ClassKey, StudentKey
from conversations.services.roster.keeping import read_classes, read_students

AT_ONCE = 1_000
"""Documents of one read."""


class KnownStudent(msgspec.Struct, frozen=True):
    """`parents`: their names by id."""

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

    def students(self, student_ids: Iterable[str]) -> dict[str, KnownStudent]:
        """Those of whom anything is known."""
        found: dict[str, KnownStudent] = {}
        keys = (StudentKey(self._tenant_id, student_id) for student_id in student_ids)
        while some := list(islice(keys, AT_ONCE)):
            for state in read_students(some).values():
                if state.rev:
                    found[state.student_id] = KnownStudent(
                        class_id=state.class_id.value if state.class_id else None,
                        parents={each.user_id: each.user_name for each in state.parents},
                    )
        return found
