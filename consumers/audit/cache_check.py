"""What Redis holds, against MongoDB. Redis is read first, so a healthy cache is never ahead."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from chat_project.mongodb import Document, majority_collection
from chat_project.redis import RedisAway
from chat_project.texts import is_unicode
from consumers.audit.findings import Kind
from consumers.audit.ledger import Ledger, Row
from consumers.audit.parsing import mapping, marks_of, whole_number
from consumers.audit.progress import bar
from conversations.cache.heads import Mark
from conversations.cache.inspection import Cached, CachedHead, inspect
from conversations.selectors import settings_of
from conversations.values import ConversationSettings, LastMessage, Membership, Role

CONVERSATIONS_AT_ONCE = 200

_ADD = (
    "INSERT INTO findings (look, kind, text, conversation_id, user_id, expected, found)"
    " VALUES (?,?,?,?,?,?,?)"
)

_EVERY_ID = """
SELECT conversation_id FROM heads
UNION ALL
SELECT conversation_id FROM (
    SELECT DISTINCT conversation_id FROM records UNION
    SELECT DISTINCT conversation_id FROM documents UNION
    SELECT DISTINCT conversation_id FROM letters UNION
    SELECT DISTINCT conversation_id FROM participants) AS named
WHERE conversation_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM heads h WHERE h.conversation_id = named.conversation_id)
"""
"""Those of conversations that are gone too: something of them may have stayed in Redis."""

_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""What a document of wrong types gives; it is told elsewhere, and its copy is not compared."""


class Truth(msgspec.Struct):
    """What MongoDB says of the conversations of one round trip; what cannot be read is absent."""

    known: Collection[str]
    settings: Mapping[str, ConversationSettings]
    heads: Mapping[str, CachedHead]
    participants: Collection[tuple[str, str]]
    members: Mapping[tuple[str, str], Membership]


def check_cache(ledger: Ledger, look: int, *, only_affected: bool) -> bool:
    """Adds the findings of this look; False when Redis is away, and then the rest is unchecked."""
    query = _EVERY_ID
    if only_affected:
        query = "SELECT conversation_id FROM affected"
    with bar("cached conversations", None) as progress:
        for batch in ledger.batches(query, size=CONVERSATIONS_AT_ONCE):
            try:
                cached = inspect([row[0] for row in batch])
            except RedisAway:
                return False
            truth = read_truth(cached)
            rows: list[Row] = [
                (look, Kind.WRONG_CACHE.value, *difference)
                for each in cached
                for difference in differences(each, truth)
            ]
            ledger.add(_ADD, rows)
            progress.update(len(batch))
    return True


def read_truth(cached: Sequence[Cached]) -> Truth:
    """Two queries, none for what is not cached."""
    ids = [
        each.conversation_id
        for each in cached
        if each.settings_bytes or each.members or each.head_bytes
    ]
    users = {user_id for each in cached for user_id in each.members if is_unicode(user_id)}
    found = list(majority_collection("conversations").find({"_id": {"$in": ids}})) if ids else []
    pairs = {"conversationId": {"$in": ids}, "userId": {"$in": sorted(users)}}
    people = list(majority_collection("participants").find(pairs)) if users else []
    return Truth(
        known={document["_id"] for document in found},
        settings={each.id: each for each in map(_settings, found) if each is not None},
        heads={
            document["_id"]: head
            for document in found
            if (head := head_as_cached(document)) is not None
        },
        participants={(each["conversationId"], each["userId"]) for each in people},
        members={
            (each["conversationId"], each["userId"]): membership
            for each in people
            if (membership := _membership(each)) is not None
        },
    )


def differences(cached: Cached, truth: Truth) -> Iterator[Row]:
    """(text, conversation, user or None, expected, found) of each value that is not MongoDB's."""
    id_ = cached.conversation_id
    settings, head = truth.settings.get(id_), truth.heads.get(id_)
    if is_wrong_settings(cached, truth):
        versions = (_version(settings), _version(cached.settings))
        yield "cached settings differ", id_, None, *versions
    if cached.head_bytes and id_ not in truth.known:
        yield "the cached head of no conversation", id_, None, None, _told(cached.head)
    elif cached.head_bytes and head is not None and cached.head != head:
        yield "the cached head differs", id_, None, _told(head), _told(cached.head)
    version = settings.version if settings else 0
    for user_id, (_, membership) in cached.members.items():
        if not is_unicode(user_id):
            shown = user_id.encode(errors="surrogateescape").decode(errors="backslashreplace")
            yield "a cached member is no user id", id_, shown, None, None
        elif is_wrong_membership(cached, truth, user_id):
            found = membership.version if membership else None
            yield "a cached membership differs", id_, user_id, str(version), _told(found)


def is_wrong_settings(cached: Cached, truth: Truth) -> bool:
    id_ = cached.conversation_id
    is_readable = id_ in truth.settings or id_ not in truth.known
    return (
        bool(cached.settings_bytes) and is_readable and cached.settings != truth.settings.get(id_)
    )


def is_wrong_membership(cached: Cached, truth: Truth, user_id: str) -> bool:
    """A membership keeps the version as of which it was read; only a later one is impossible."""
    pair = (cached.conversation_id, user_id)
    _, membership = cached.members[user_id]
    if pair in truth.participants and pair not in truth.members:
        return False
    settings = truth.settings.get(cached.conversation_id)
    if membership is None or membership.version > (settings.version if settings else 0):
        return True
    stored = truth.members.get(pair, Membership())
    return (membership.role, membership.user_name) != (stored.role, stored.user_name)


def head_as_cached(conversation: Document) -> CachedHead | None:
    """None for a conversation without a mark (nothing was ever cached of it), or of wrong types."""
    marks, _ = marks_of(conversation)
    last = conversation.get("lastMessage")
    if not marks or bool(last) != bool(mapping(last)):
        return None
    plain = {name: _plain(value) for name, value in mapping(last).items()}
    full = {"senderName": None, "content": None, **plain} if last else None
    try:
        return CachedHead(
            last_seq=whole_number(conversation.get("lastSeq")) or 0,
            last_message=msgspec.convert(full, LastMessage) if full else None,
            mark=Mark(*max(marks)),
        )
    except msgspec.ValidationError:
        return None


def current_membership(membership: Membership | None, version: int) -> Membership:
    """As a look-up would cache it now."""
    known = membership or Membership()
    return msgspec.structs.replace(known, version=version, loaded_at=time.time())


def _plain(value: object) -> object:
    number = whole_number(value)
    return value if number is None else number


def _settings(document: Document) -> ConversationSettings | None:
    try:
        found = settings_of(document)
    except _UNREADABLE:
        return None
    return msgspec.structs.replace(found, version=int(found.version))


def _membership(document: Document) -> Membership | None:
    try:
        return Membership(role=Role(document["role"]), user_name=document["userName"])
    except _UNREADABLE:
        return None


def _version(settings: ConversationSettings | None) -> str | None:
    return str(settings.version) if settings else None


def _told(value: CachedHead | int | None) -> str | None:
    if isinstance(value, CachedHead):
        told = {"lastSeq": value.last_seq, "mark": value.mark}
        return msgspec.json.encode(told).decode()
    return None if value is None else str(value)
