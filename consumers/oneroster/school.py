"""A school as its files tell it: people, classes, who is in which. Keeps all of it in memory."""

from collections.abc import Iterable
from datetime import date
from enum import Enum

import msgspec

from consumers.oneroster import cells
from consumers.oneroster.cells import Unfit
from consumers.oneroster.files import Kind, Refusal, Row, Table
from consumers.oneroster.refusals import Refusals


class Member(msgspec.Struct):
    """A person; `agents` are the ids of those whom the files relate to them."""

    user_id: str
    name: str
    role: str
    agents: tuple[str, ...]
    orgs: tuple[str, ...]
    row: Row

    @property
    def is_parent(self) -> bool:
        return self.role in cells.PARENTS


NO_SCHOOLS = frozenset({"department", "district", "local", "state", "national"})
"""Types of orgs that are around schools, or in them."""


MANIFEST_PROPERTIES = frozenset({"file.users", "file.enrollments", "file.classes"})


class When(Enum):
    """Whether an enrolment counts."""

    NOW = "now"
    OVER = "over"
    NOT_YET = "not yet"


class Enrolment(msgspec.Struct, frozen=True):
    """Somebody in a class, once or one day."""

    user_id: str
    class_id: str
    role: str
    is_head: bool
    when: When
    org: str | None
    row: Row


class LeftOut(msgspec.Struct, frozen=True):
    """A row that was understood and makes nothing, and why."""

    file: str
    line: int
    why: str


class School(msgspec.Struct):
    """`has_status`: a row has one. `manifest`: what manifest.csv calls its files."""

    members: dict[str, Member] = msgspec.field(default_factory=dict)
    enrolments: list[Enrolment] = msgspec.field(default_factory=list)
    classes: dict[str, bool] | None = None
    """By id: whether it is a homeroom. None: no file of classes was given."""
    orgs: dict[str, bool] = msgspec.field(default_factory=dict)
    """By id: whether it is a school, and no district, department or state."""
    class_orgs: dict[str, str] = msgspec.field(default_factory=dict)
    elsewhere: set[str] = msgspec.field(default_factory=set)
    """People of other schools, who were left out."""
    refusals: Refusals = msgspec.field(default_factory=Refusals)
    left_out: list[LeftOut] = msgspec.field(default_factory=list)
    deleted: dict[str, Member] = msgspec.field(default_factory=dict)
    """People to be deleted; the name is empty if the row has none."""
    has_status: bool = False
    manifest: set[str] = msgspec.field(default_factory=set)

    @property
    def is_bulk(self) -> bool:
        """The files tell everything there is; else (a delta) what has changed."""
        return "delta" not in self.manifest and ("bulk" in self.manifest or not self.has_status)

    @property
    def nobody(self) -> str:
        if self.is_bulk:
            return "nobody in these files"
        return "nobody in these files, nor known from earlier ones"


class SchoolReader:
    """Reads tables in any order; `today` decides which enrolments are current."""

    def __init__(self, today: date, *, given_name_first: bool = False) -> None:
        self.school = School()
        self._today = today
        self._given_name_first = given_name_first

    def read(self, tables: Iterable[Table]) -> School:
        """Raises Refused for files that cannot be read."""
        readers = {
            Kind.USERS: self._user,
            Kind.ENROLLMENTS: self._enrolment,
            Kind.CLASSES: self._class,
            Kind.ORGS: self._org,
            Kind.MANIFEST: self._manifest,
        }
        for table in tables:
            if table.kind is Kind.CLASSES and self.school.classes is None:
                self.school.classes = {}
            if (read := readers.get(table.kind)) is None:
                continue
            for row in table.rows:
                if isinstance(row, Refusal):
                    self.school.refusals.of_no_row(row, table.kind)
                    continue
                try:
                    read(row)
                except Unfit as unfit:
                    self.school.refusals.of_row(row, table.kind, unfit)
        for user_id in self.school.members.keys() & self.school.deleted.keys():
            del self.school.deleted[user_id]
        return self.school

    def _user(self, row: Row) -> None:
        """A row with a class is an enrolment, too: a school may have all in one file."""
        column = "sourcedId" if row["sourcedId"] or not row["userSourcedId"] else "userSourcedId"
        user_id = cells.identifier(row[column], column)
        role = cells.one_of(row["role"], cells.USER_ROLES, "role")
        is_enrolment, is_deleted = bool(row["classSourcedId"]), self._is_deleted(row)
        member = Member(
            user_id=user_id,
            name=self._name(row, may_be_absent=is_deleted),
            role=role,
            agents=cells.identifiers(row["agentSourcedIds"], "agentSourcedIds"),
            orgs=cells.identifiers(row["orgSourcedIds"], "orgSourcedIds"),
            row=row,
        )
        if not is_deleted:
            self._add(member, is_again_allowed=is_enrolment)
        elif not is_enrolment:
            self.school.deleted[user_id] = member
        elif role == "student":
            self._leave_out(
                row, f"student {user_id!r} is to be deleted from {row['classSourcedId']!r}"
            )
        if is_enrolment:
            self.school.enrolments.append(self._enrolled(row, user_id, role))

    def _name(self, row: Row, *, may_be_absent: bool) -> str:
        try:
            return cells.name(self._name_parts(row), "familyName")
        except Unfit:
            if may_be_absent:
                return ""
            raise

    def _add(self, member: Member, *, is_again_allowed: bool) -> None:
        """In a file of all, somebody in two classes has two rows."""
        known = self.school.members.setdefault(member.user_id, member)
        if known is member:
            return
        where = f"{known.row.file} line {known.row.line}"
        if not is_again_allowed:
            raise Unfit("sourcedId", f"{member.user_id!r} has a row already, in {where}")
        if (known.name, known.role) != (member.name, member.role):
            raise Unfit("sourcedId", f"{member.user_id!r} has another name or role in {where}")
        known.agents = tuple(dict.fromkeys((*known.agents, *member.agents)))

    def _name_parts(self, row: Row) -> tuple[str, ...]:
        given, middle, family = row["givenName"], row["middleName"], row["familyName"]
        return (given, middle, family) if self._given_name_first else (family, middle, given)

    def _enrolment(self, row: Row) -> None:
        user_id = cells.identifier(row["userSourcedId"], "userSourcedId")
        role = cells.one_of(row["role"], cells.USER_ROLES, "role")
        self.school.enrolments.append(self._enrolled(row, user_id, role))

    def _enrolled(self, row: Row, user_id: str, role: str) -> Enrolment:
        is_head = cells.one_of(row["primary"], cells.BOOLEANS, "primary", default="false") == "true"
        return Enrolment(
            user_id=user_id,
            class_id=cells.identifier(row["classSourcedId"], "classSourcedId"),
            role=role,
            is_head=is_head,
            when=self._when(row),
            org=_school_of(row),
            row=row,
        )

    def _when(self, row: Row) -> When:
        begin, end = cells.day(row["beginDate"], "beginDate"), cells.day(row["endDate"], "endDate")
        if self._is_deleted(row) or (end is not None and end <= self._today):
            return When.OVER
        return When.NOT_YET if begin is not None and self._today < begin else When.NOW

    def _class(self, row: Row) -> None:
        class_id = cells.identifier(row["sourcedId"], "sourcedId")
        if self._is_deleted(row):
            self._leave_out(row, f"class {class_id!r} is to be deleted")
        elif self.school.classes is not None:
            self.school.classes[class_id] = row["classType"].lower() == "homeroom"
            if org := _school_of(row):
                self.school.class_orgs[class_id] = org

    def _manifest(self, row: Row) -> None:
        if row["propertyName"].lower() in MANIFEST_PROPERTIES:
            self.school.manifest.add(row["value"].lower())

    def _org(self, row: Row) -> None:
        org_id = cells.identifier(row["sourcedId"], "sourcedId")
        if not self._is_deleted(row):
            self.school.orgs[org_id] = row["type"].lower() not in NO_SCHOOLS

    def _leave_out(self, row: Row, why: str) -> None:
        self.school.left_out.append(LeftOut(row.file, row.line, why))

    def _is_deleted(self, row: Row) -> bool:
        if row["status"]:
            self.school.has_status = True
        status = cells.one_of(row["status"], cells.STATUSES, "status", default="active")
        return status == "tobedeleted"


def _school_of(row: Row) -> str | None:
    column = "schoolSourcedId"
    return cells.identifier(row[column], column) if row[column] else None
