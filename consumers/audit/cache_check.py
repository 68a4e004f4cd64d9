"""What Redis holds, against MongoDB. Redis is read first, so a healthy cache is never ahead."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from chat_project.redis import RedisAway
from consumers import heads
from consumers.audit.findings import Kind
from consumers.audit.ledger import Ledger, Row
from conversations import selectors
from conversations.cache.heads import Mark
from conversations.cache.inspection import Cached, CachedHead, inspect
from conversations.values import ConversationSettings, LastMessage, Membership

CONVERSATIONS_AT_ONCE = 200

_ADD = (
    "INSERT INTO findings (look, kind, text, conversation_id, user_id, expected, found)"
    " VALUES (?,?,?,?,?,?,?)"
)


class Truth(msgspec.Struct):
    """What MongoDB says of the conversations of one round trip."""

    settings: Mapping[str, ConversationSettings]
    heads: Mapping[str, heads.Head]
    members: Mapping[tuple[str, str], Membership]


def check_cache(ledger: Ledger, look: int, *, only_affected: bool) -> bool:
    """Adds the findings of this look; False when Redis is away, and then the rest is unchecked."""
    query = "SELECT conversation_id FROM heads"
    if only_affected:
        query += " WHERE conversation_id IN (SELECT conversation_id FROM affected)"
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
    return True


def read_truth(cached: Sequence[Cached]) -> Truth:
    """Three queries, none for what is not cached."""
    ids = [each.conversation_id for each in cached if each.settings_bytes or each.members]
    pairs = [(each.conversation_id, user_id) for each in cached for user_id in each.members]
    return Truth(
        settings=selectors.settings_and_version(ids) if ids else {},
        heads=heads.read_heads({each.conversation_id for each in cached if each.head_bytes}),
        members=selectors.memberships(pairs),
    )


def differences(cached: Cached, truth: Truth) -> Iterator[Row]:
    """(text, conversation, user or None, expected, found) of each value that is not MongoDB's."""
    id_ = cached.conversation_id
    settings = truth.settings.get(id_)
    if cached.settings_bytes and cached.settings != settings:
        versions = (_version(settings), _version(cached.settings))
        yield "cached settings differ", id_, None, *versions
    head = truth.heads.get(id_)
    if cached.head_bytes and head is not None and cached.head != (stored := head_as_cached(head)):
        yield "the cached head differs", id_, None, _told(stored), _told(cached.head)
    version = settings.version if settings else 0
    for user_id, (_, membership) in cached.members.items():
        stored_member = truth.members.get((id_, user_id), Membership())
        if membership is None or _differ(membership, stored_member, version):
            found = membership.version if membership else None
            yield "a cached membership differs", id_, user_id, str(version), _told(found)


def head_as_cached(head: heads.Head) -> CachedHead | None:
    """None for a conversation without a mark: nothing was ever cached of it."""
    mark = max(head.marks.values(), default=None)
    if mark is None:
        return None
    last: Mapping[str, Any] | None = head.last_message
    full = {"senderName": None, "content": None, **last} if last else None
    return CachedHead(
        last_seq=head.last_seq or 0,
        last_message=msgspec.convert(full, LastMessage) if full else None,
        mark=Mark(*mark),
    )


def current_membership(membership: Membership | None, version: int) -> Membership:
    """As a look-up would cache it now."""
    known = membership or Membership()
    return msgspec.structs.replace(known, version=version, loaded_at=time.time())


def _differ(cached: Membership, stored: Membership, version: int) -> bool:
    """A membership keeps the version as of which it was read; only a later one is impossible."""
    values = (cached.role, cached.user_name) != (stored.role, stored.user_name)
    return values or cached.version > version


def _version(settings: ConversationSettings | None) -> str | None:
    return str(settings.version) if settings else None


def _told(value: CachedHead | int | None) -> str | None:
    if isinstance(value, CachedHead):
        told = {"lastSeq": value.last_seq, "mark": value.mark}
        return msgspec.json.encode(told).decode()
    return None if value is None else str(value)
