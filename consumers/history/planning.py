"""A conversation of the source as one of ours, before its messages are read. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from chat_project.mongodb import Document
from chat_project.texts import MAX_NAME_UTF16_UNITS, utf16_length, without_controls
from consumers.history.notes import Kind, Notes
from consumers.history.source import SourceFails
from consumers.history.survey import Task
from consumers.history.values import (
    CONVERSATION_TYPES,
    ROLES,
    document,
    documents,
    guid_of,
    member_of,
    milliseconds,
    moment,
    moment_since_1970,
    text,
    whole_number,
)
from conversations import policies
from conversations.telling import SYSTEM
from conversations.values import ConversationType, Role
from conversations.words import search_words

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Person(msgspec.Struct):
    """A participant. `read_until`: by conversation of the source, the time (ms) up to which its
    messages are read, as far as anything says so; `unread`: what the source counts."""

    user_id: str
    user_name: str
    role: Role
    joined_at: datetime | None
    read_at: datetime | None
    read_until: dict[str, int]
    unread: int = 0


class Plan(msgspec.Struct):
    """What will be made. `last_messages`: what the source takes for the newest, by its own ids."""

    task: Task
    tenant_id: str
    type: ConversationType
    name: str
    key: str
    is_active: bool
    created_at: datetime
    updated_at: datetime
    student_id: str | None
    class_id: str | None
    people: dict[str, Person]
    last_messages: dict[str, str | None]

    @property
    def id(self) -> str:
        return self.task.conversation_id


def plan_of(task: Task, found: Sequence[Document], notes: Notes) -> Plan:
    """`found`: the source's documents, in the order of `task.sources`. Raises SourceFails for one
    that has become unreadable since the survey."""
    first = found[0]
    tenant_id = guid_of(first.get("TenantId"))
    kind = member_of(CONVERSATION_TYPES, first.get("Type"))
    if tenant_id is None or kind is None:
        raise SourceFails(f"the source: {task.conversation_id} has changed while it was read")
    metadata = document(first.get("Metadata"))
    people = _people(task, found, notes)
    created_at = moment(first.get("CreatedAt")) or _EPOCH
    plan = Plan(
        task=task,
        tenant_id=tenant_id,
        type=kind,
        name=_name(kind, first, metadata, list(people.values()), notes),
        key=task.conversation_id,
        is_active=any(each.get("IsActive") is not False for each in found),
        created_at=created_at,
        updated_at=max(moment(each.get("UpdatedAt")) or created_at for each in found),
        student_id=guid_of(metadata.get("StudentId")),
        class_id=guid_of(metadata.get("ClassId")),
        people=people,
        last_messages={
            id_: guid_of(document(each.get("LastMessage")).get("MessageId"))
            for id_, each in zip(task.sources, found, strict=True)
        },
    )
    plan.key = _key(plan)
    _tell_of(plan, metadata, notes)
    return plan


def _key(plan: Plan) -> str:
    """What makes it one of its kind, as a founding would write it."""
    if plan.type is ConversationType.ONE_TO_ONE and len(plan.people) == 2:
        first, second = sorted(plan.people)
        return f"pair:{plan.tenant_id}:{first}:{second}"
    is_group = plan.type is ConversationType.STUDENT_GROUP and not plan.task.is_second_group
    if is_group and plan.student_id:
        return f"student:{plan.tenant_id}:{plan.student_id}"
    return plan.id


def _name(
    kind: ConversationType, first: Document, metadata: Document, people: list[Person], notes: Notes
) -> str:
    """As it stands there, without controls; one that is missing is made as a founding makes it."""
    if name := _text_of_a_name(first.get("Name")):
        return name
    names = [person.user_name for person in people]
    if kind is ConversationType.ONE_TO_ONE and len(names) == 2:
        return policies.one_to_one_name(*names)
    if kind is ConversationType.STUDENT_GROUP and (
        student := _text_of_a_name(metadata.get("StudentName"))
    ):
        return policies.student_group_name(student)
    if kind is ConversationType.CLASS_GROUP and (
        of_class := _text_of_a_name(metadata.get("ClassName"))
    ):
        return policies.class_group_name(of_class)
    notes.add(Kind.UNKNOWN_VALUE, f"it has no name and is called {kind.value}")
    return kind.value


def _text_of_a_name(value: object) -> str | None:
    """None for an empty one, too."""
    return without_controls(text(value) or "") or None


def _people(task: Task, found: Sequence[Document], notes: Notes) -> dict[str, Person]:
    people: dict[str, Person] = {}
    for source_id, each in zip(task.sources, found, strict=True):
        here: set[str] = set()
        for entry in documents(each.get("Participants")):
            user_id = guid_of(entry.get("UserId"))
            if user_id is None or user_id in here:
                why = "names nobody" if user_id is None else "is there twice; the first one counts"
                notes.add(Kind.LEFT_OUT, f"a participant {why}", user_id=user_id)
                continue
            here.add(user_id)
            _join(people, source_id, _person(user_id, entry, notes))
    return people


def _person(user_id: str, entry: Document, notes: Notes) -> Person:
    role = member_of(ROLES, entry.get("Role"))
    if role is None:
        told = f"the role {entry.get('Role')!r} is none: Member"
        notes.add(Kind.UNKNOWN_VALUE, told, user_id=user_id)
    return Person(
        user_id=user_id,
        user_name=_text_of_a_name(entry.get("UserName")) or user_id,
        role=role or Role.MEMBER,
        joined_at=moment_since_1970(entry.get("JoinedAt")),
        read_at=moment_since_1970(entry.get("LastReadAt")),
        read_until={},
        unread=whole_number(entry.get("UnreadCount")) or 0,
    )


def _join(people: dict[str, Person], source_id: str, here: Person) -> None:
    """In two conversations of one pair: who joined the first one, and read the last time."""
    person = people.setdefault(here.user_id, here)
    if here.read_at is not None:
        person.read_until[source_id] = milliseconds(here.read_at)
    if person is not here:
        person.joined_at = min(filter(None, (person.joined_at, here.joined_at)), default=None)
        person.read_at = max(filter(None, (person.read_at, here.read_at)), default=None)
        person.unread += here.unread


def _tell_of(plan: Plan, metadata: Document, notes: Notes) -> None:
    for other in plan.task.others:
        told = f"the conversation {other} of the same two people is part of this one now"
        notes.add(Kind.MERGED_PAIR, told)
    if plan.task.is_second_group:
        told = f"a further group of the student {plan.student_id}: a conversation of its own"
        notes.add(Kind.SECOND_GROUP, told)
    if not plan.people:
        notes.add(Kind.NO_PARTICIPANTS, "it has no participants, so nobody sees it")
    elif plan.type is ConversationType.ONE_TO_ONE and len(plan.people) != 2:
        notes.add(Kind.WRONG_PAIR, f"a OneToOne of {len(plan.people)} participants")
    names = [plan.name, *(person.user_name for person in plan.people.values())]
    if any(utf16_length(name) > MAX_NAME_UTF16_UNITS for name in names):
        limit = MAX_NAME_UTF16_UNITS
        notes.add(Kind.OVER_LIMIT, f"a name of more than {limit} UTF-16 units is kept")
    _tell_of_names(plan, metadata, notes)


def _tell_of_names(plan: Plan, metadata: Document, notes: Notes) -> None:
    """The student's and the class's names are those that the conversation's own name tells."""
    told = {
        ConversationType.STUDENT_GROUP: (metadata.get("StudentName"), policies.STUDENT_PREFIX),
        ConversationType.CLASS_GROUP: (metadata.get("ClassName"), policies.CLASS_PREFIX),
    }
    given, prefix = told.get(plan.type, (None, ""))
    name = _text_of_a_name(given)
    if name and plan.name.removeprefix(prefix) != name:
        notes.add(Kind.LEFT_OUT, f"Metadata says {name!r}; the conversation's own name counts")


def conversation_document(plan: Plan) -> Document:
    """The collection's form of one without messages; what is empty is absent."""
    optional = {"studentId": plan.student_id, "classId": plan.class_id}
    return {
        "_id": plan.id,
        "tenantId": plan.tenant_id,
        "type": plan.type.value,
        "name": plan.name,
        "words": search_words(plan.name),
        "isActive": plan.is_active,
        "key": plan.key,
        "version": 1,
        "lastSeq": 0,
        "createdAt": plan.created_at,
        "createdBy": SYSTEM.user_id,  # the source does not say who
        "updatedAt": plan.updated_at,
        **{name: value for name, value in optional.items() if value is not None},
    }
