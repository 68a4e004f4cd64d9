"""Conversations as one user is shown them: one query per kind, however many they are.

What is answered was acknowledged by a majority: a failover cannot take it back.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from chat_project.api.paging import Page, PageRequest, page_of
from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document, majority_collection
from conversations import policies
from conversations.serializers import (
    ConversationDto,
    ParticipantDto,
    conversation_dto,
    participant_dto,
)
from conversations.unread import limit_on_page, unread_counts
from conversations.values import ConversationType

SHOWN_PARTICIPANTS = 100
"""In the answer for one conversation; the others are behind `participants_page`."""

COUNTED_PARTICIPANTS = 1_000
"""A conversation says its size up to here, so that a channel of 25,000 costs a list no more."""

READ_AT_ONCE = 100_000
"""Documents in a cursor's first batch, within MongoDB's 16 MiB: one command for a whole list."""

_SHOWN_FIELDS = dict.fromkeys(
    (
        *("tenantId", "type", "name", "isActive", "studentId", "classId"),
        *("lastSeq", "lastMessage", "createdAt", "createdBy", "updatedAt"),
    ),
    1,
)
_OWN_FIELDS = {"_id": 0} | dict.fromkeys(
    ("conversationId", "role", "readSeq", "mutedUntil", "hiddenAt"), 1
)
_PERSON_FIELDS = {"_id": 0} | dict.fromkeys(
    ("conversationId", "userId", "userName", "role", "joinedAt", "readAt"), 1
)
_FOUNDERS_FIELDS = {name: shown for name, shown in _PERSON_FIELDS.items() if name != "readAt"}
_BY_CONVERSATION_AND_USER = [("conversationId", 1), ("userId", 1)]


def conversation_for(user: TokenUser, conversation_id: str) -> ConversationDto:
    """Four queries. Raises NotFound, and Forbidden to who is not a participant."""
    document, own = _read_one(user, conversation_id)
    if own is None:
        raise policies.not_a_participant()
    return _shown(user, document, own)


def changed_conversation(user: TokenUser, conversation_id: str) -> ConversationDto:
    """The same after a change that the user was allowed to make, and may be out of it by."""
    document, own = _read_one(user, conversation_id)
    return _shown(user, document, own)


def founded_conversation(user: TokenUser, conversation_id: str) -> ConversationDto:
    """The same for who asked for a founding: its founder need not be a participant.

    Who never was one, or is no longer, learns nothing of what came after the founding: no message,
    no read position, and of the people only those who have been in it since.
    """
    document, own = _read_one(user, conversation_id)
    if own is not None:
        return _shown(user, document, own)
    if document["createdBy"] != user.user_id:
        raise policies.not_a_participant()
    return _shown_to_founder(document)


def participants_page(
    user: TokenUser, conversation_id: str, asked: PageRequest
) -> Page[ParticipantDto]:
    """All participants in the order of their ids, page by page. Raises NotFound, Forbidden."""
    document, own = _read_one(user, conversation_id)
    if own is None:
        raise policies.not_a_participant()
    query = {"conversationId": document["_id"]}
    people = majority_collection("participants")
    found = people.find(query, _PERSON_FIELDS, batch_size=READ_AT_ONCE)
    found = found.sort(_BY_CONVERSATION_AND_USER)
    page = [participant_dto(each) for each in found.skip(asked.offset).limit(asked.size)]
    return page_of(page, people.count_documents(query), asked)


def own_participations(
    user_id: str, conversation_ids: Collection[str] | None = None
) -> dict[str, Document]:
    """What the user is in each conversation, by its id; only in these, if some are given."""
    query: Document = {"userId": user_id}
    if conversation_ids is not None:
        query["conversationId"] = {"$in": list(conversation_ids)}
    found = majority_collection("participants").find(query, _OWN_FIELDS, batch_size=READ_AT_ONCE)
    return {each["conversationId"]: each for each in found}


def conversation_documents(conversation_ids: Collection[str]) -> dict[str, Document]:
    """What is shown of each, and `participantCount`, of at most COUNTED_PARTICIPANTS."""
    found = majority_collection("conversations").aggregate(
        conversation_pipeline(conversation_ids), batchSize=READ_AT_ONCE
    )
    return {each["_id"]: {**each, "participantCount": _count(each)} for each in found}


def conversation_pipeline(conversation_ids: Collection[str]) -> list[Document]:
    """The aggregation on `conversations`; the count reads keys of conversation_user alone."""
    counted: list[Document] = [{"$limit": COUNTED_PARTICIPANTS}, {"$count": "count"}]
    return [
        {"$match": {"_id": {"$in": list(conversation_ids)}}},
        {"$project": _SHOWN_FIELDS},
        {
            "$lookup": {
                "from": "participants",
                "localField": "_id",
                "foreignField": "conversationId",
                "pipeline": counted,
                "as": "counted",
            }
        },
    ]


def shown_in_list(
    user: TokenUser, conversation_ids: Sequence[str], own: Mapping[str, Document]
) -> list[ConversationDto]:
    """In the order of the ids; three queries. `own`: as `own_participations` gives it."""
    if not conversation_ids:
        return []
    documents = conversation_documents(conversation_ids)
    behind = [document["lastSeq"] - own[id_]["readSeq"] for id_, document in documents.items()]
    unread = unread_counts(
        [(id_, user.user_id) for id_ in conversation_ids], limit=limit_on_page(behind)
    )
    pairs = [id_ for id_, each in documents.items() if each["type"] == ConversationType.ONE_TO_ONE]
    people = _people(pairs)
    return [
        conversation_dto(
            documents[id_],
            own[id_],
            unread_count=unread.get((id_, user.user_id), 0),
            people=people[id_],
        )
        for id_ in conversation_ids
        if id_ in documents
    ]


def _read_one(user: TokenUser, conversation_id: str) -> tuple[Document, Document | None]:
    """The conversation and what the user is in it, if anything. Raises NotFound."""
    conversation_id = canonical_id(conversation_id)
    document = conversation_documents([conversation_id]).get(conversation_id)
    if document is None or document["tenantId"] != user.tenant_id:
        raise policies.conversation_not_found()
    return document, own_participations(user.user_id, [conversation_id]).get(conversation_id)


def _shown(user: TokenUser, document: Document, own: Document | None) -> ConversationDto:
    pair = (document["_id"], user.user_id)
    people = _first_people({"conversationId": document["_id"]}, _PERSON_FIELDS)
    return conversation_dto(
        document, own, unread_count=unread_counts([pair]).get(pair, 0), people=people
    )


def _shown_to_founder(document: Document) -> ConversationDto:
    founders = {"conversationId": document["_id"], "joinedAt": document["createdAt"]}
    return conversation_dto(
        {name: value for name, value in document.items() if name != "lastMessage"},
        None,
        unread_count=0,
        people=_first_people(founders, _FOUNDERS_FIELDS),
    )


def _first_people(query: Document, fields: Mapping[str, int]) -> list[Document]:
    """At most SHOWN_PARTICIPANTS, by their ids."""
    found = majority_collection("participants").find(query, fields)
    return list(found.sort(_BY_CONVERSATION_AND_USER).limit(SHOWN_PARTICIPANTS))


def _people(conversation_ids: Sequence[str]) -> Mapping[str, list[Document]]:
    """Both of each OneToOne."""
    people: defaultdict[str, list[Document]] = defaultdict(list)
    found = majority_collection("participants").find(
        {"conversationId": {"$in": list(conversation_ids)}},
        _PERSON_FIELDS,
        batch_size=READ_AT_ONCE,
    )
    for each in found.sort(_BY_CONVERSATION_AND_USER):
        people[each["conversationId"]].append(each)
    return people


def _count(document: Document) -> int:
    counted: list[Document] = document["counted"]
    return int(counted[0]["count"]) if counted else 0
