"""A new conversation with its founders, in one transaction, or the one that has its key."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from chat_project.api.errors import Conflict, PayloadTooLarge
from chat_project.identifiers import canonical_id, new_id
from chat_project.mongodb import Document, collection
from chat_project.timestamps import now
from conversations import cache, policies
from conversations.erased import neutral_people
from conversations.selectors import settings_and_version, settings_of
from conversations.services.erasure import erased_among
from conversations.services.people import check, participant_document
from conversations.services.repetition import (
    KeyedRequest,
    earlier_conversation,
    remember,
    remember_within,
)
from conversations.services.transactions import TRANSACTION_SECONDS, in_transaction
from conversations.values import ConversationSettings, ConversationType, Person, Role
from conversations.words import search_words

FIRST_VERSION = 1
TOO_LARGE_FOR_CACHE = 388
"""MongoDB's error code. 25,000 people and what stands of them in indexes take 75 MB (measured); one
transaction gets 15 % of the cache."""


class Plan(msgspec.Struct, frozen=True):
    """What is to be founded. `key` makes it one of its kind; None: its own id does.

    `request`: the one that asks for it, if it can be repeated; its id is the conversation's, too.
    """

    tenant_id: str
    type: ConversationType
    name: str
    created_by: str
    key: str | None = None
    student_id: str | None = None
    class_id: str | None = None
    conversation_id: str | None = None
    request: KeyedRequest | None = None


class Founded(msgspec.Struct, frozen=True):
    """`created` False: it was there before, and is as it was."""

    settings: ConversationSettings
    created: bool


Founders = Sequence[tuple[Role, Sequence[Person]]]
"""Who founds it as what; whoever is named twice has the first role."""


def open_conversation(plan: Plan, founders: Founders) -> Founded:
    """Raises InvalidRequest for ids that are none, Conflict when something else has the key,
    Unprocessable when the same idempotency key asked for something else before, and PayloadTooLarge
    when they are more people than MongoDB's cache holds at once."""
    check(policies.check_id(plan.tenant_id, "tenantId"))
    check(policies.check_id(plan.created_by, "createdBy"))
    conversation = conversation_document(plan)
    founders = _without_erased_names(conversation, founders)
    participants = participant_documents(conversation, founders)

    def insert(session: ClientSession) -> None:
        if plan.request:
            remember_within(session, plan.request, conversation["_id"])
        collection("conversations").insert_one(conversation, session=session)
        collection("participants").insert_many(participants, session=session)

    try:
        in_transaction(insert, within_seconds=seconds_for(len(participants)))
    except DuplicateKeyError:
        return Founded(_founded_before(plan, conversation, participants), created=False)
    except BulkWriteError as error:
        if TOO_LARGE_FOR_CACHE not in _codes(error):
            raise
        raise PayloadTooLarge(
            f"{len(participants):,} people at once are more than MongoDB's cache holds: found it with"
            " fewer, and add the others by POST {id}/participants",
            code="too_many_participants",
        ) from None
    settings = settings_of(conversation)
    cache.publish(settings, {})  # over the mark of an unknown id; no member of one is ever cached
    return Founded(settings, created=True)


def _codes(error: BulkWriteError) -> set[int]:
    details: Mapping[str, Any] = error.details or {}
    return {each["code"] for each in details.get("writeErrors", ())}


def _without_erased_names(conversation: Document, founders: Founders) -> Founders:
    """Whoever was erased comes without a name; the conversation is told so (decision 0023)."""
    everybody = [person.user_id for _, people in founders for person in people]
    erased = erased_among(conversation["tenantId"], everybody)
    if not erased:
        return founders
    conversation["erased"] = sorted(erased)
    return [(role, neutral_people(people, erased)) for role, people in founders]


def seconds_for(participants: int) -> float:
    """Founding a channel of 25,000 takes five seconds on two cores; six times that is allowed."""
    return TRANSACTION_SECONDS + participants / 1_000


def conversation_document(plan: Plan) -> Document:
    """As it is before anybody has written; a new id unless the plan gives one."""
    derived = plan.request.id if plan.request else new_id()
    conversation_id = canonical_id(plan.conversation_id or derived)
    moment = now()
    optional = {"studentId": plan.student_id, "classId": plan.class_id}
    return {
        "_id": conversation_id,
        "tenantId": canonical_id(plan.tenant_id),
        "type": plan.type.value,
        "name": plan.name,
        "words": search_words(plan.name),
        "isActive": True,
        "key": plan.key or conversation_id,
        "version": FIRST_VERSION,
        "lastSeq": 0,
        "createdAt": moment,
        "createdBy": canonical_id(plan.created_by),
        "updatedAt": moment,
        **{field: value for field, value in optional.items() if value is not None},
    }


def participant_documents(conversation: Document, founders: Founders) -> list[Document]:
    roles: dict[str, Document] = {}
    for role, people in founders:
        for person in people:
            document = participant_document(
                conversation, person, role, last_seq=0, joined_at=conversation["createdAt"]
            )
            roles.setdefault(person.user_id, document)
    return list(roles.values())


def _founded_before(
    plan: Plan, wanted: Document, participants: Sequence[Document]
) -> ConversationSettings:
    """What the same request has founded or found; or what has the key of the wanted one."""
    if plan.request and (answered := earlier_conversation(plan.request)):
        return settings_and_version([answered])[answered]
    settings = _same_as(wanted, participants)
    if plan.request:
        remember(plan.request, settings.id)
    return settings


def _same_as(wanted: Document, participants: Sequence[Document]) -> ConversationSettings:
    """The conversation that has the wanted one's key, else its id.

    In this order, as another request under the same idempotency key may be founding under that id.
    Ids may hold colons, so that two different pairs can make one key: what is not the same thing
    is refused and never shown.
    """
    conversations = collection("conversations")
    found = conversations.find_one({"key": wanted["key"]})
    found = found or conversations.find_one({"_id": wanted["_id"]})
    same = found is not None and all(
        found.get(field) == wanted.get(field) for field in _identity(wanted)
    )
    if found is None or not same or not _same_pair(found, participants):
        raise Conflict("Another conversation has this id or key", code="conversation_exists")
    return settings_of(found)


def _identity(wanted: Document) -> Sequence[str]:
    """A student may change class; the group stays the same one."""
    by_class = () if wanted["type"] == ConversationType.STUDENT_GROUP else ("classId",)
    return ("tenantId", "type", "studentId", *by_class)


def _same_pair(found: Document, participants: Sequence[Document]) -> bool:
    if found["type"] != ConversationType.ONE_TO_ONE:
        return True
    stored = collection("participants").find({"conversationId": found["_id"]}, {"userId": 1})
    return {one["userId"] for one in stored} == {one["userId"] for one in participants}
