"""What the roster knows of a school already: an import's files may tell only what has changed."""

from collections.abc import Iterable
from typing import Protocol

from conversations.services.roster import KnownStudent


class Known(Protocol):
    """As `conversations.services.roster.KnownSchool` reads it; pairs are (class, teacher)."""

    def teachers_of(self, class_ids: Iterable[str]) -> dict[tuple[str, str], str]: ...

    def classes_of(self, teacher_ids: Iterable[str]) -> dict[tuple[str, str], str]: ...

    def students(self, student_ids: Iterable[str]) -> dict[str, KnownStudent]: ...

    def names_of(self, user_ids: Iterable[str]) -> dict[str, str]: ...
