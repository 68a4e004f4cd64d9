"""The realtime bus: what happened to a conversation, for the hubs that have its members online.

Redis channels, at most once: real time is a hint, clients fill gaps by `afterSeq`.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from chat_project.redis import guarded


class Announcement(msgspec.Struct, frozen=True):
    """One thing to tell on one channel; `event` is the hub's event name, `data` its argument."""

    channel: str
    event: str
    data: object


def conversation_channel(conversation_id: str) -> str:
    """Everyone who is online in the conversation listens here."""
    return f"realtime:conversation:{conversation_id}"


def user_channel(tenant_id: str, user_id: str) -> str:
    """All connections of one user listen here."""
    return f"realtime:user:{tenant_id}:{user_id}"


def publish(announcements: Sequence[Announcement]) -> None:
    """One Redis round trip; each channel gets one JSON array, in the order given.

    Raises RedisAway; what was not published is not kept.
    """
    by_channel: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in announcements:
        by_channel[each.channel].append({"event": each.event, "data": each.data})
    if not by_channel:
        return
    encode = msgspec.json.encode
    payloads = {channel: encode(events) for channel, events in by_channel.items()}

    arguments = [each for pair in payloads.items() for each in pair]
    guarded(lambda redis: redis.eval(_PUBLISH_ALL, 0, *arguments))


# ARGV: channel, payload, channel, payload, … One command: a pipeline of as many costs its caller
# ten times the processor time.
_PUBLISH_ALL = """
for i = 1, #ARGV, 2 do redis.call('PUBLISH', ARGV[i], ARGV[i + 1]) end
"""
