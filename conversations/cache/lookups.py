"""The look-up of the hot path: settings, membership and acceptance record in one round trip."""

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
import redis
from pymongo.errors import PyMongoError

from chat_project.metrics import cache_requests_total
from chat_project.redis import RedisAway, guarded
from conversations import selectors
from conversations.cache.compared import MISSING, add_members, add_settings
from conversations.cache.keys import (
    is_fresh,
    members_key,
    record_key,
    record_ttl_seconds,
    settings_key,
)
from conversations.cache.limits import Limit, Limited, limits_of_repeats
from conversations.cache.look_up_script import LOOK_UP
from conversations.cache.records import (
    AcceptanceRecord,
    decode_record,
    encode_record,
    forget_records,
)
from conversations.values import ConversationSettings, Membership, Pair


class Lookup(msgspec.Struct, frozen=True):
    """One question. `record` (with its `message_id`) is stored if there is none yet."""

    conversation_id: str
    user_id: str
    message_id: str | None = None
    record: AcceptanceRecord | None = None


class Found(msgspec.Struct, frozen=True):
    """The answer. `settings` None: no such conversation; then nobody is a member of it.

    `record` is the one that counts: this request's (`created_record`) or an earlier one's. It is
    None if none was asked for, or Redis is away. `limited`: the message did not fit into a limit,
    nothing else is known, and a new one has no record.
    """

    settings: ConversationSettings | None
    membership: Membership
    created_record: bool = False
    record: AcceptanceRecord | None = None
    limited: Limited | None = None


class _Known(msgspec.Struct):
    """What is known so far; a conversation known to be unknown has None."""

    settings: dict[str, ConversationSettings | None] = msgspec.field(default_factory=dict)
    members: dict[Pair, Membership] = msgspec.field(default_factory=dict)
    records: dict[int, tuple[bool, AcceptanceRecord | None]] = msgspec.field(default_factory=dict)
    limited: dict[int, Limited] = msgspec.field(default_factory=dict)


NOBODY = Membership()

_decode_settings = msgspec.json.Decoder(ConversationSettings).decode
_decode_membership = msgspec.json.Decoder(Membership).decode

_COUNTERS = {
    (kind, result): cache_requests_total.labels(kind, result)
    for kind in ("settings", "member")
    for result in ("hit", "miss", "away")
}


def look_up(lookups: Sequence[Lookup], limits: Sequence[Limit] = ()) -> list[Found]:
    """Answers all questions, in their order, by one Redis round trip when everything is cached.

    Each new record must fit into all `limits`, one that was there before into those of repeats
    (`limits_of_repeats`). Misses cost two MongoDB queries and one more round trip, all together.
    Redis away: all from MongoDB, without records and without limits. Raises pymongo's errors when
    MongoDB is needed and away, and leaves no record then.
    """
    ids, pairs = _asked(lookups)
    try:
        known = guarded(lambda client: _ask_redis(client, lookups, ids, pairs, limits))
        missed = "miss"
    except RedisAway:
        known, missed = _Known(), "away"
    if known.limited:  # what is refused anyway is not worth a query
        ids, pairs = _asked([one for at, one in enumerate(lookups) if at not in known.limited])
    lost_ids = [id_ for id_ in ids if id_ not in known.settings]
    lost_pairs = [pair for pair in pairs if _is_lost(pair, known)]
    _count("settings", missed, len(ids), len(lost_ids))
    _count("member", missed, len(pairs), len(lost_pairs))
    if lost_ids or lost_pairs:
        try:
            _load(known, lost_ids, lost_pairs)
        except PyMongoError:
            forget_records(_created(lookups, known))
            raise
    return [_found(lookup, place, known) for place, lookup in enumerate(lookups)]


def _asked(lookups: Sequence[Lookup]) -> tuple[list[str], list[Pair]]:
    """Conversations, and users in conversations, each once."""
    ids = list(dict.fromkeys(lookup.conversation_id for lookup in lookups))
    pairs = list(dict.fromkeys((lookup.conversation_id, lookup.user_id) for lookup in lookups))
    return ids, pairs


def _ask_redis(
    client: redis.Redis,
    lookups: Sequence[Lookup],
    ids: Sequence[str],
    pairs: Sequence[Pair],
    limits: Sequence[Limit],
) -> _Known:
    """Records are set before all are read, so each reads the one that counts."""
    buckets = (*limits, *limits_of_repeats(tuple(limits)))
    recorded = [place for place, lookup in enumerate(lookups) if lookup.record is not None]
    keys = [record_key(str(lookups[place].message_id)) for place in recorded]
    keys += [settings_key(id_) for id_ in ids]
    keys += [members_key(conversation_id) for conversation_id, _ in pairs]
    keys += [limit.key for limit in buckets]
    arguments: list[Any] = [len(recorded), len(ids), len(limits), record_ttl_seconds()]
    arguments += [encode_record(lookups[place].record) for place in recorded]
    arguments += [user_id for _, user_id in pairs]
    for limit in buckets:
        arguments += (limit.interval_microseconds, limit.span_microseconds)
    made, stored, settings, members = LOOK_UP.run(client, keys, arguments)
    records = zip((each == 1 for each in made), map(decode_record, stored), strict=True)
    return _Known(
        settings=_settings_of(ids, settings),
        members=_members_of(pairs, members),
        records=dict(zip(recorded, records, strict=True)),
        limited={
            place: Limited(buckets[each[0] - 1], each[1])
            for place, each in zip(recorded, made, strict=True)
            if isinstance(each, list)
        },
    )


def _settings_of(
    ids: Sequence[str], values: Sequence[bytes | None]
) -> dict[str, ConversationSettings | None]:
    settings: dict[str, ConversationSettings | None] = {}
    for conversation_id, value in zip(ids, values, strict=True):
        if value == MISSING:
            settings[conversation_id] = None
        elif value is not None:
            try:
                settings[conversation_id] = _decode_settings(value)
            except msgspec.DecodeError:
                continue
    return settings


def _members_of(pairs: Sequence[Pair], values: Sequence[bytes | None]) -> dict[Pair, Membership]:
    """Without those that are older than the cache's time to live, or from the future."""
    now = time.time()
    members: dict[Pair, Membership] = {}
    for pair, value in zip(pairs, values, strict=True):
        if value is not None:
            try:
                membership = _decode_membership(value)
            except msgspec.DecodeError:
                continue
            if is_fresh(membership.loaded_at, now):
                members[pair] = membership
    return members


def _is_lost(pair: Pair, known: _Known) -> bool:
    """Whether MongoDB must say it: nobody is a member of a conversation known to be unknown."""
    return pair not in known.members and known.settings.get(pair[0], ...) is not None


def _load(known: _Known, lost_ids: Collection[str], lost_pairs: Collection[Pair]) -> None:
    """Reads what is lost from the primary, versions first, then roles, and caches it."""
    loaded_at = time.time()
    ids = dict.fromkeys([*lost_ids, *(conversation_id for conversation_id, _ in lost_pairs)])
    settings = selectors.settings_and_version(ids)
    pairs = [pair for pair in lost_pairs if pair[0] in settings]
    roles = selectors.memberships(pairs) if pairs else {}
    members = {
        pair: msgspec.structs.replace(
            roles.get(pair, NOBODY), version=settings[pair[0]].version, loaded_at=loaded_at
        )
        for pair in pairs
    }
    known.settings |= {id_: settings.get(id_) for id_ in ids}
    known.members |= members
    try:
        guarded(lambda client: _fill(client, {id_: settings.get(id_) for id_ in ids}, members))
    except RedisAway:
        return


def _fill(
    client: redis.Redis,
    settings: Mapping[str, ConversationSettings | None],
    members: Mapping[Pair, Membership],
) -> None:
    pipeline = client.pipeline(transaction=False)
    for conversation_id, value in settings.items():
        add_settings(pipeline, conversation_id, value)
    for (conversation_id, user_id), membership in members.items():
        add_members(pipeline, conversation_id, {user_id: membership})
    pipeline.execute()


def _created(lookups: Sequence[Lookup], known: _Known) -> list[str]:
    """The ids of the messages whose records this call has made."""
    made = [place for place, (created, _record) in known.records.items() if created]
    return [str(lookups[place].message_id) for place in made]


def _found(lookup: Lookup, place: int, known: _Known) -> Found:
    if place in known.limited:
        return Found(None, NOBODY, limited=known.limited[place])
    created, record = known.records.get(place, (False, None))
    return Found(
        settings=known.settings[lookup.conversation_id],
        membership=known.members.get((lookup.conversation_id, lookup.user_id), NOBODY),
        created_record=created,
        record=record,
    )


def _count(kind: str, missed: str, asked: int, lost: int) -> None:
    if asked > lost:
        _COUNTERS[kind, "hit"].inc(asked - lost)
    if lost:
        _COUNTERS[kind, missed].inc(lost)
