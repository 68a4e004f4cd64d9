"""A first look at everything there is: which conversations, whose, and what belongs to none.

Kept in memory, some 500 bytes for each conversation; the messages are only counted.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from chat_project.mongodb import Document
from consumers.history.notes import Kind, Notes
from consumers.history.source import Source
from consumers.history.values import (
    CONVERSATION_TYPES,
    document,
    documents,
    forms_of,
    guid_of,
    member_of,
    moment,
)
from conversations.values import ConversationType

_LATEST = datetime.max.replace(tzinfo=UTC)


class Seen(msgspec.Struct):
    """A conversation of the source: the `_id` of its document, and how many messages it has;
    `other_forms`: their ConversationId where it is none of `forms_of`."""

    source_id: Any
    messages: int = 0
    other_forms: tuple[Any, ...] = ()


class Task(msgspec.Struct, frozen=True):
    """One conversation to be made: from one of the source, or of several of the same two people."""

    conversation_id: str
    others: tuple[str, ...] = ()
    is_second_group: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.conversation_id, *self.others)


class Survey(msgspec.Struct):
    """`tasks` are of the chosen school, in the order of the source; `unknown`: the ConversationId,
    as it stands there, and the number of messages that belong to no conversation."""

    seen: dict[str, Seen] = msgspec.field(default_factory=dict)
    tasks: list[Task] = msgspec.field(default_factory=list)
    unknown: list[tuple[Any, int]] = msgspec.field(default_factory=list)
    unreadable: int = 0

    def messages_of(self, task: Task) -> int:
        return sum(self.seen[each].messages for each in task.sources if each in self.seen)

    def forms_of(self, task: Task) -> list[Any]:
        """Of its ids: in one of these each of its messages names its conversation."""
        ids = task.sources
        return [form for id_ in ids for form in (*forms_of(id_), *self.seen[id_].other_forms)]

    @property
    def messages(self) -> int:
        """Of all tasks."""
        return sum(map(self.messages_of, self.tasks))


def survey(source: Source, tenant_id: str | None, notes: Notes) -> Survey:
    """Reads the conversations and counts the messages. Of one school, or of all for None."""
    found = Survey()
    groups: dict[tuple[str, ...], list[tuple[datetime, str]]] = {}
    for each in source.overview():
        id_ = _add(found, each, notes)
        if id_ is not None and tenant_id in (None, guid_of(each["TenantId"])):
            place = (moment(each.get("CreatedAt")) or _LATEST, id_)
            groups.setdefault(_one_of_its_kind(id_, each), []).append(place)
    for kind, members in groups.items():
        found.tasks += _tasks(kind, sorted(members))
    for raw, count in source.message_counts():
        id_ = guid_of(raw) or ""
        seen = found.seen.get(id_)
        if seen is None:
            found.unknown.append((raw, count))
            continue
        seen.messages += count
        if raw not in forms_of(id_):
            seen.other_forms += (raw,)
    return found


def _add(found: Survey, each: Document, notes: Notes) -> str | None:
    """Its id, if it is one that can be brought."""
    id_ = guid_of(each.get("ConversationId"))
    kind = member_of(CONVERSATION_TYPES, each.get("Type"))
    if id_ is None or guid_of(each.get("TenantId")) is None or kind is None:
        text = "it has no id, no school, or no type that there is; what tells it apart is here"
        notes.add(Kind.UNREADABLE_CONVERSATION, text, conversation_id=id_, document=each)
        found.unreadable += 1
        return None
    if id_ in found.seen:
        text = "a second document with this id is left out"
        notes.add(Kind.REPEATED_CONVERSATION, text, conversation_id=id_, document=each)
        return None
    found.seen[id_] = Seen(each["_id"])
    return id_


def _one_of_its_kind(id_: str, each: Document) -> tuple[str, ...]:
    """What two conversations share of which there should be one."""
    tenant_id = guid_of(each["TenantId"]) or ""
    match member_of(CONVERSATION_TYPES, each["Type"]):
        case ConversationType.ONE_TO_ONE:
            users = {
                guid_of(person.get("UserId")) for person in documents(each.get("Participants"))
            }
            people = sorted(user for user in users if user is not None)
            return ("pair", tenant_id, *people) if len(people) == 2 else (id_,)
        case ConversationType.STUDENT_GROUP:
            student_id = guid_of(document(each.get("Metadata")).get("StudentId"))
            return ("student", tenant_id, student_id) if student_id else (id_,)
        case _:
            return (id_,)


def _tasks(kind: tuple[str, ...], members: list[tuple[datetime, str]]) -> Iterator[Task]:
    """A pair's conversations become the oldest one; further groups of a student stay by themselves."""
    (_, first), *rest = members
    others = [id_ for _, id_ in rest]
    if kind[0] == "pair":
        yield Task(first, tuple(others))
        return
    yield Task(first)
    for other in others:
        yield Task(other, is_second_group=True)
