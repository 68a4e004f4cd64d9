"""Ids that look like a part of a Redis key: what is cached of a conversation is out of their reach."""

from itertools import product
from typing import Any

import pytest

import chat_project.redis
from conversations import services
from conversations.cache.keys import (
    bucket_key,
    head_key,
    members_key,
    record_key,
    repeats_key,
    settings_key,
)
from conversations.values import Role
from tests.messaging.conftest import TEXT, data_of, text_for
from tests.security.conftest import Room
from tests.security.rows import ROWS, Kind, call, refusal

SUFFIXES = (":members", ":head", ":members:members", ":", ":accepted")
KEYS = (settings_key, members_key, head_key)


def cached(room: Room) -> dict[str, Any]:
    """Everything that Redis has under the group's keys, by key."""
    redis = chat_project.redis.client()
    found: dict[str, Any] = {}
    for key in [each(room.group.id) for each in KEYS]:
        if redis.exists(key):
            found[key] = redis.hgetall(key) if redis.type(key) == b"hash" else redis.get(key)
    return found


def test_no_two_ids_share_a_key() -> None:
    parts = (
        "",
        "1",
        ":",
        "conversation",
        "members",
        "head",
        "message",
        "accepted",
        "rate",
        "stored",
    )
    ids = {"".join(each) for each in product(parts, repeat=4)}

    made = [key(id_) for key in (*KEYS, record_key, bucket_key) for id_ in ids]
    made += [repeats_key(bucket_key(id_)) for id_ in ids]

    assert len(made) == len({*made})


@pytest.mark.parametrize(
    "endpoint", [name for name, row in ROWS.items() if row.kind is Kind.CONVERSATION]
)
@pytest.mark.parametrize("is_cached", [True, False], ids=["cached", "not cached"])
def test_an_id_that_ends_like_a_key_leaves_the_cached_conversation_alone(
    room: Room, endpoint: str, is_cached: bool
) -> None:
    redis = chat_project.redis.client()
    redis.delete(*(key(room.group.id) for key in KEYS))
    if is_cached:
        data_of(room.teacher.post(TEXT, text_for(room.group)))
        redis.set(head_key(room.group.id), b'{"lastSeq":2,"mark":{"t":1,"p":0,"o":2}}', ex=60)
    before = cached(room)
    assert bool(before) is is_cached

    for suffix in SUFFIXES:
        target = room.target._replace(conversation_id=room.group.id + suffix)
        assert refusal(call(room.foreigner, endpoint, target))[0] == 404, suffix

    assert cached(room) == before


def test_after_such_ids_a_removed_participant_is_refused_at_once(room: Room, api: Any) -> None:
    member = api(tenant_id=room.teacher.tenant_id)
    services.add_participants(room.group.id, [member.person], Role.MEMBER)
    data_of(member.post(TEXT, text_for(room.group)))
    for suffix in SUFFIXES:
        target = room.target._replace(conversation_id=room.group.id + suffix)
        call(room.foreigner, "POST /messages/text", target)

    services.remove_participant(room.group.id, member.user_id)

    response = call(member, "POST /messages/text", room.target)
    assert refusal(response) == (403, "not_a_participant")
