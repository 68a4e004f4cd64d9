"""Brings the groups of some students from what the roster made of them to what it wants now.

One transaction for all of them. Besides the conversations it writes each student's document and that
of their class, whether or not it changes them: whoever tells a new fact meanwhile makes it start over
with what is known then, so of two syncs the later one always knows all that the earlier one knew.
"""

import logging
from collections.abc import Collection, Mapping, Sequence

import msgspec
from msgspec.structs import replace
from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from chat_project.mongodb import Document, collection, majority_collection, only_duplicates
from conversations import cache
from conversations.selectors import settings_of
from conversations.services import outbox
from conversations.services.founding import student_group_key, student_group_plan
from conversations.services.lost_replies import told_to_the_cache
from conversations.services.opening import conversation_document, participant_documents
from conversations.services.participation import as_of
from conversations.services.roster.facts import (
    EARLIEST,
    ClassKey,
    Contended,
    StudentKey,
)
from conversations.services.roster.groups import Group, Outcome, change_groups, erased_of
from conversations.services.roster.keeping import (
    read_classes,
    read_students,
)
from conversations.services.roster.states import (
    CLASSES,
    STUDENTS,
    Applied,
    Said,
    StudentState,
    as_fields,
)
from conversations.services.roster.wanting import (
    Wanted,
    as_founded,
    can_be_founded,
    is_due,
    wanted,
)
from conversations.services.transactions import in_transaction
from conversations.telling import SYSTEM
from conversations.values import ConversationType, Role

logger = logging.getLogger(__name__)

AT_ONCE = 50
"""Students in one transaction: some 400 documents, and a tenth of a second."""
TRANSACTION_SECONDS = 10.0
"""No request waits for it; a busy server takes a while for fifty groups."""
PASSES = 5
"""A pass repeats only when somebody founded one of the groups, or told of a first class, meanwhile."""


class Synced(msgspec.Struct, frozen=True):
    """How many groups were founded and changed; `without_parents`: students who have none yet."""

    founded: int = 0
    changed: int = 0
    without_parents: int = 0


class View(msgspec.Struct, frozen=True):
    """A student, the conversation that is their group, None: there is none, and what it should be."""

    student: StudentState
    conversation: Document | None
    wants: Wanted

    @property
    def is_due(self) -> bool:
        if self.conversation is None:
            return can_be_founded(self.student)
        return is_due(self.wants, self.student.applied)


def sync(keys: Sequence[StudentKey]) -> Synced:
    """Of AT_ONCE students at most. Nothing to do is found out by reading alone, so a repetition
    changes nothing. Raises Contended, and pymongo's errors; all or nothing was done then."""
    views = _read(keys)
    without_parents = [each for each in views if each.conversation is None and not each.is_due]
    for each in without_parents:
        logger.info(
            "Student %s of %s has no name or no parents yet: no group",
            each.student.student_id,
            each.student.tenant_id,
        )
    due = [each.student.key for each in views if each.is_due]
    outcomes = _change(due) if due else []
    _tell(outcomes)
    founded = sum(outcome.is_new for outcome in outcomes)
    return Synced(founded, len(outcomes) - founded, len(without_parents))


def _change(due: Sequence[StudentKey]) -> list[Outcome]:
    for _ in range(PASSES):
        try:
            return _change_once(due)
        except DuplicateKeyError:
            continue
        except BulkWriteError as error:
            if not only_duplicates(error):
                raise
    raise Contended(f"somebody else founded the same groups in {PASSES} passes")


def _change_once(due: Sequence[StudentKey]) -> list[Outcome]:
    def work(session: ClientSession) -> list[Outcome]:
        outcomes = _work(session, due)
        for one in outcomes:
            note(one.applied.conversation_id, one.members)
        return outcomes

    with told_to_the_cache() as note:
        return in_transaction(work, within_seconds=TRANSACTION_SECONDS)


def _work(session: ClientSession, due: Sequence[StudentKey]) -> list[Outcome]:
    views = [each for each in _read(due, session) if each.is_due]
    found = [_found(each) for each in views if each.conversation is None]
    if found:
        collection("conversations").insert_many([one.settings for one in found], session=session)
        people = [person for one in found for person in one.participants]
        collection("participants").insert_many(people, session=session)
    groups = [
        Group(each.conversation, each.wants, each.student.applied)
        for each in views
        if each.conversation is not None
    ]
    changed = change_groups(session, groups) if groups else []
    applied = {one.applied.conversation_id: one.applied for one in changed}
    applied |= {one.applied.conversation_id: one.applied for one in found}
    new_ids = {one.student: one.applied.conversation_id for one in found}
    _note(session, views, applied, new_ids)
    outcomes = [Outcome(one.settings, one.applied, is_new=True) for one in found]
    return outcomes + [one for one in changed if one.is_change]


class _Founding(msgspec.Struct, frozen=True):
    student: StudentKey
    settings: Document
    participants: Sequence[Document]
    applied: Applied


def _found(view: View) -> _Founding:
    student, wants = view.student, view.wants
    conversation = conversation_document(
        student_group_plan(
            student.tenant_id,
            student.student_id,
            wants.name or "",
            created_by=student.created_by.value if student.created_by else SYSTEM.user_id,
            class_id=wants.class_id,
        )
    )
    if erased := erased_of(wants.people):
        conversation["erased"] = erased
    roles = [(role, wants.of(role)) for role in (Role.ADMIN, Role.MEMBER)]
    return _Founding(
        student.key,
        conversation,
        participant_documents(conversation, roles),
        as_founded(conversation["_id"], wants),
    )


def _note(
    session: ClientSession,
    views: Sequence[View],
    applied: Mapping[str, Applied],
    new_ids: Mapping[StudentKey, str],
) -> None:
    """What was made of each group, and the class that a group made by hand has told."""
    updates = []
    for each in views:
        known = each.conversation
        id_ = known["_id"] if known is not None else new_ids[each.student.key]
        state = replace(each.student, applied=applied[id_], rev=each.student.rev + 1)
        document_id = {"_id": each.student.key.document_id}
        updates.append(UpdateOne(document_id, {"$set": as_fields(state)}, upsert=True))
    if updates:
        collection(STUDENTS).bulk_write(updates, ordered=False, session=session)


def _read(keys: Sequence[StudentKey], session: ClientSession | None = None) -> list[View]:
    """In a transaction it locks the students' classes before it reads their teachers."""
    conversations = _conversations(keys, session)
    students = [
        _with_class_of(student, conversations.get(key))
        for key, student in read_students(keys, session).items()
        if key not in conversations or _is_group_of(key, conversations[key])
    ]
    class_keys = {key for student in students if (key := student.class_key)}
    if session:
        _lock(session, class_keys)
    classes = read_classes(class_keys, session)
    return [
        View(
            student,
            conversations.get(student.key),
            wanted(student, classes[student.class_key] if student.class_key else None),
        )
        for student in students
    ]


def _conversations(
    keys: Sequence[StudentKey], session: ClientSession | None
) -> dict[StudentKey, Document]:
    by_key = {student_group_key(*key): key for key in keys}
    source = collection("conversations") if session else majority_collection("conversations")
    found = source.find({"key": {"$in": list(by_key)}}, {"lastMessage": 0}, session=session)
    return {by_key[each["key"]]: each for each in found}


def _is_group_of(key: StudentKey, conversation: Document) -> bool:
    """Ids may hold colons, so that two students can make one key."""
    is_theirs = (
        conversation["tenantId"] == key.tenant_id
        and conversation.get("studentId") == key.student_id
        and conversation["type"] == ConversationType.STUDENT_GROUP
    )
    if not is_theirs:
        logger.error(
            "Student %s of %s gets no group: the conversation %s has its key",
            key.student_id,
            key.tenant_id,
            conversation["_id"],
        )
    return is_theirs


def _with_class_of(student: StudentState, conversation: Document | None) -> StudentState:
    """A group that was made by hand tells the class of its student, until an event does."""
    class_id = conversation.get("classId") if conversation else None
    if student.class_id is not None or class_id is None:
        return student
    return replace(student, class_id=Said(value=class_id, at=EARLIEST.at, id=EARLIEST.id))


def _lock(session: ClientSession, keys: Collection[ClassKey]) -> None:
    """By writing them: who tells of a teacher at the same time must wait, or makes us start over."""
    if not keys:
        return
    locks = [
        UpdateOne(
            {"_id": key.document_id},
            {
                "$inc": {"syncs": 1},
                "$setOnInsert": {"tenantId": key.tenant_id, "classId": key.class_id, "rev": 1},
            },
            upsert=True,
        )
        for key in sorted(keys)
    ]
    collection(CLASSES).bulk_write(locks, ordered=False, session=session)


def _tell(outcomes: Sequence[Outcome]) -> None:
    """The cache, and then the participants."""
    for one in outcomes:
        settings = settings_of(one.conversation)
        cache.publish(settings, as_of(settings.version, one.members))
    told = [one.applied.conversation_id for one in outcomes if one.is_told]
    if told:
        outbox.announce(*told)
