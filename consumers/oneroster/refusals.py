"""Whom the refused rows are about. A refused row leaves open whether somebody is still in a class,
so it takes nobody out: neither whom it names nor, if it names nobody, anyone whom it may mean."""

import msgspec

from consumers.oneroster import cells
from consumers.oneroster.cells import Unfit
from consumers.oneroster.files import Kind, Refusal, Row

ABOUT_NOBODY = frozenset({Kind.CLASSES, Kind.ORGS})
"""The enrolments of a class that was refused are refused, too, and name their people."""


class Refusals(msgspec.Struct):
    """All of them, and the first one of each person and class."""

    told: list[Refusal] = msgspec.field(default_factory=list)
    _users: dict[str, Refusal] = msgspec.field(default_factory=dict)
    _classes: dict[str, Refusal] = msgspec.field(default_factory=dict)
    _anybody: Refusal | None = None

    def of_row(self, row: Row, kind: Kind, unfit: Unfit) -> None:
        refusal = Refusal(row.file, row.line, unfit.column, unfit.problem)
        self.told.append(refusal)
        if kind in ABOUT_NOBODY:
            return
        own = row["sourcedId"] if kind is Kind.USERS else ""
        user_id, class_id = _id(own or row["userSourcedId"]), _id(row["classSourcedId"])
        if user_id:
            self._users.setdefault(user_id, refusal)
        elif class_id:
            self._classes.setdefault(class_id, refusal)
        else:
            self._anybody = self._anybody or refusal

    def of_no_row(self, refusal: Refusal, kind: Kind) -> None:
        """Its cells are not under their columns."""
        self.told.append(refusal)
        if kind not in ABOUT_NOBODY:
            self._anybody = self._anybody or refusal

    def of_person(self, user_id: str, row: Row, column: str, problem: str) -> None:
        """An enrolment of theirs that was understood, and cannot be taken."""
        refusal = Refusal(row.file, row.line, column, problem)
        self.told.append(refusal)
        self._users.setdefault(user_id, refusal)

    def of_cell(self, row: Row, column: str, problem: str) -> None:
        """It leaves open nothing about who is in which class."""
        self.told.append(Refusal(row.file, row.line, column, problem))

    def about(self, class_id: str, user_id: str) -> Refusal | None:
        """Why it is not known whether this person is in this class, if it is not."""
        return self._users.get(user_id) or self._classes.get(class_id) or self._anybody


def _id(text: str) -> str | None:
    try:
        return cells.identifier(text, "")
    except Unfit:
        return None
