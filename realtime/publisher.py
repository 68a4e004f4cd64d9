"""The realtime bus: what happened to a conversation, for the hubs that have its members online.

Redis channels, at most once: real time is a hint, clients fill gaps by `afterSeq`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from redis import Redis

from chat_project.redis import guarded

PART_BYTES = 1 << 20


class Announcement(msgspec.Struct, frozen=True):
    """One thing to tell on one channel; `event` is the hub's event name, `data` its argument."""

    channel: str
    event: str
    data: object


def conversation_channel(conversation_id: str) -> str:
    """Everyone who is online in the conversation listens here."""
    return f"realtime:conversation:{conversation_id}"


def user_channel(tenant_id: str, user_id: str) -> str:
    """All connections of one user listen here.

    JSON of the ids, because any other way to join them lets users of two schools share a channel.
    """
    return f"realtime:user:{msgspec.json.encode((tenant_id, user_id)).decode()}"


def publish(announcements: Sequence[Announcement]) -> None:
    """Each channel gets one JSON array, in the order given; one Redis round trip for a mebibyte.

    Raises RedisAway; what was not published by then is not kept.
    """
    by_channel: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in announcements:
        by_channel[each.channel].append({"event": each.event, "data": each.data})
    if not by_channel:
        return
    for arguments in _in_parts(by_channel):
        guarded(partial(_publish_part, arguments=arguments))


def _publish_part(redis: Redis, arguments: Sequence[str | bytes]) -> None:
    redis.eval(_PUBLISH_ALL, 0, *arguments)


def _in_parts(by_channel: Mapping[str, list[dict[str, Any]]]) -> Iterator[list[str | bytes]]:
    """Channel, payload, channel, payload, …: Redis has a sixth of a second for each part."""
    part: list[str | bytes] = []
    size = 0
    for channel, events in by_channel.items():
        payload = msgspec.json.encode(events)
        if part and size + len(payload) > PART_BYTES:
            yield part
            part, size = [], 0
        part += (channel, payload)
        size += len(payload)
    yield part


# ARGV: channel, payload, channel, payload, … One command: a pipeline of as many costs its caller
# ten times the processor time.
_PUBLISH_ALL = """
for i = 1, #ARGV, 2 do redis.call('PUBLISH', ARGV[i], ARGV[i + 1]) end
"""
