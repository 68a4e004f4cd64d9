"""The wire contract of the school's roster: who learns and teaches where (contract section 4).

Records of `emis.student.created`, or of whatever topic a platform has for them, told apart by
`event-type`. JSON, camelCase; unknown fields are ignored, a null list is an empty one.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chat_project.api.errors import ApiError
from chat_project.identifiers import canonical_id, derived_id
from chat_project.texts import MAX_ID_LENGTH, without_controls
from chat_project.timestamps import floor_to_milliseconds, format_timestamp, parse_timestamp
from conversations import policies
from conversations.services.roster import Fact, StudentFact, StudentKey, TeacherFact, Version
from conversations.services.roster.facts import ClassKey
from conversations.values import Person
from messaging.events import Id, MalformedEvent, Outgoing, OversizeEvent

logger = logging.getLogger(__name__)

MAX_PARENTS = 100
"""Of one student, in one event."""


OptionalId = Annotated[str, Meta(max_length=MAX_ID_LENGTH, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""An id, or blank (.NET's `string.Empty`) for none."""


class ParentOfStudent(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """`relationship` is Father, Mother or Guardian; nothing depends on it."""

    parent_id: OptionalId | None
    parent_name: str | None
    relationship: str | int | None = None


class _Event(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """`occurred_on` is when it happened in the school's eyes: the later event wins."""

    id: str | None = None
    occurred_on: str | None = None
    tenant_id: Id


class StudentCreatedIntegrationEvent(_Event, kw_only=True):
    student_id: Id
    class_id: OptionalId | None = None
    student_name: str
    parents: list[ParentOfStudent] | None = None
    created_by: OptionalId | None = None


class ParentEnrolledIntegrationEvent(_Event, kw_only=True):
    student_id: Id
    parent_id: Id
    parent_name: str
    relationship: str | int | None = None
    created_by: OptionalId | None = None


class TeacherAssignedIntegrationEvent(_Event, kw_only=True):
    class_id: Id
    teacher_id: Id
    teacher_name: str
    is_head_teacher: bool = False


class TeacherUnassignedIntegrationEvent(_Event, kw_only=True):
    class_id: Id
    teacher_id: Id


class StudentClassChangedIntegrationEvent(_Event, kw_only=True):
    """`class_id` is the new class."""

    student_id: Id
    class_id: Id


RosterEvent = (
    StudentCreatedIntegrationEvent
    | ParentEnrolledIntegrationEvent
    | TeacherAssignedIntegrationEvent
    | TeacherUnassignedIntegrationEvent
    | StudentClassChangedIntegrationEvent
)

ROSTER_EVENTS: tuple[type[RosterEvent], ...] = (
    StudentCreatedIntegrationEvent,
    ParentEnrolledIntegrationEvent,
    TeacherAssignedIntegrationEvent,
    TeacherUnassignedIntegrationEvent,
    StudentClassChangedIntegrationEvent,
)
"""Their `event-type` is the name of the class."""

_DECODERS: Mapping[type, msgspec.json.Decoder[Any]] = {
    event_type: msgspec.json.Decoder(event_type) for event_type in ROSTER_EVENTS
}
_encode = msgspec.json.Encoder().encode


def decode_roster(value: bytes, event_type: type[RosterEvent], received_at: datetime) -> Fact:
    """Reads and checks one event; gives what it says. `received_at` dates one without a date, and
    one without an id has the digest of its bytes.

    Raises MalformedEvent for what is no such event, OversizeEvent for one over a limit.
    """
    try:
        event: RosterEvent = _DECODERS[event_type].decode(value)
        occurred_on = event.occurred_on
        at = parse_timestamp(occurred_on) if occurred_on else floor_to_milliseconds(received_at)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MalformedEvent(str(error)) from error
    id_ = canonical_id(event.id) if event.id else hashlib.sha256(value).hexdigest()[:32]
    _check(policies.check_id(id_, "id"))
    return fact_of(event, Version(at, id_))


def fact_of(event: RosterEvent, version: Version) -> Fact:
    """Raises MalformedEvent for ids and names that are none, OversizeEvent for those too long."""
    tenant_id = _id(event.tenant_id, "tenantId")
    match event:
        case TeacherAssignedIntegrationEvent():
            return TeacherFact(
                school_class=ClassKey(tenant_id, _id(event.class_id, "classId")),
                version=version,
                user_id=_id(event.teacher_id, "teacherId"),
                user_name=_name(event.teacher_name, "teacherName"),
                is_head=event.is_head_teacher,
            )
        case TeacherUnassignedIntegrationEvent():
            return TeacherFact(
                school_class=ClassKey(tenant_id, _id(event.class_id, "classId")),
                version=version,
                user_id=_id(event.teacher_id, "teacherId"),
                is_assigned=False,
            )
    return _student_fact(event, tenant_id, version)


def _student_fact(
    event: StudentCreatedIntegrationEvent
    | ParentEnrolledIntegrationEvent
    | StudentClassChangedIntegrationEvent,
    tenant_id: str,
    version: Version,
) -> StudentFact:
    student = StudentKey(tenant_id, _id(event.student_id, "studentId"))
    match event:
        case StudentClassChangedIntegrationEvent():
            return StudentFact(
                student=student, version=version, class_id=_id(event.class_id, "classId")
            )
        case ParentEnrolledIntegrationEvent():
            parent = _person(event.parent_id, event.parent_name, "parent")
            return StudentFact(
                student=student,
                version=version,
                parents=(parent,),
                created_by=_optional_id(event.created_by, "createdBy"),
            )
    return StudentFact(
        student=student,
        version=version,
        name=_name(event.student_name, "studentName"),
        class_id=_optional_id(event.class_id, "classId"),
        parents=_parents(student, event.parents or ()),
        created_by=_optional_id(event.created_by, "createdBy"),
    )


def _parents(student: StudentKey, given: Sequence[ParentOfStudent]) -> tuple[Person, ...]:
    """Each once, the first mention counts; without those who have no id or no name."""
    if len(given) > MAX_PARENTS:
        raise OversizeEvent(f"{len(given)} parents, over {MAX_PARENTS}")
    people: dict[str, Person] = {}
    for index, one in enumerate(given):
        if _is_blank(one.parent_id) or _is_blank(one.parent_name):
            logger.warning(
                "Student %s of %s: parents[%d] is left out, its id or name is blank (id %r)",
                student.student_id,
                student.tenant_id,
                index,
                one.parent_id,
            )
            continue
        person = _person(one.parent_id, one.parent_name, f"parents[{index}].parent")
        people.setdefault(person.user_id, person)
    return tuple(people.values())


def _person(user_id: str | None, name: str | None, field: str) -> Person:
    return Person(_id(user_id or "", f"{field}Id"), _name(name or "", f"{field}Name"))


def _is_blank(value: str | None) -> bool:
    return not (value and without_controls(value))


def _id(value: str, field: str) -> str:
    _check(policies.check_id(value, field))
    return canonical_id(value)


def _optional_id(value: str | None, field: str) -> str | None:
    return None if value is None or _is_blank(value) else _id(value, field)


def _name(value: str, field: str) -> str:
    name = without_controls(value)
    _check(policies.check_name(name, field))
    return name


def _check(refusal: ApiError | None) -> None:
    """By the rules of the services, which would refuse the same later."""
    if refusal is not None:
        is_over = refusal.code == "name_too_long"
        raise (OversizeEvent if is_over else MalformedEvent)(refusal.message)


def encode_roster(event: RosterEvent, *, key: str, occurred_on: datetime) -> Outgoing:
    """The record of an event; key and headers as of every other (contract section 4).

    Its id is derived from what it says, so that the same said again at the same moment is the same.
    """
    occurred = format_timestamp(occurred_on)
    event.id = event.occurred_on = None
    said = hashlib.sha256(_encode(event)).hexdigest()
    event.id = derived_id(["roster", event.tenant_id, type(event).__name__], said)
    event.occurred_on = occurred
    return Outgoing(
        key=key,
        value=_encode(event),
        headers=[
            ("event-type", type(event).__name__.encode()),
            ("timestamp", occurred.encode()),
            ("ordering-key", key.encode()),
        ],
    )
