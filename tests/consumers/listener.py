"""A hub's ears: what the product publishes in Redis."""

import json
from typing import Any

from chat_project import redis as redis_door
from chat_project.identifiers import new_id


class Listener:
    """A hub's ears: what was published on some channels, one (event, data) after the other."""

    def __init__(self) -> None:
        self._pubsub = redis_door.client().pubsub()

    def on(self, *channels: str) -> "Listener":
        self._pubsub.subscribe(*channels)
        for channel in channels:
            self._until("subscribe", channel)
        return self

    def heard(self) -> list[tuple[str, dict[str, Any]]]:
        """Everything published before this call: an echo on a channel of its own ends it."""
        echo = f"echo-{new_id()}"
        self._pubsub.subscribe(echo)
        told = self._until("subscribe", echo)
        redis_door.client().publish(echo, b"[]")
        return told + self._until("message", echo)

    def _until(self, kind: str, channel: str) -> list[tuple[str, dict[str, Any]]]:
        """What was published before this reply of Redis."""
        told: list[tuple[str, dict[str, Any]]] = []
        while True:
            reply = self._pubsub.get_message(timeout=30)
            assert reply is not None, f"no {kind} of {channel} in 30 s"
            if (reply["type"], reply["channel"]) == (kind, channel.encode()):
                return told
            if reply["type"] == "message":
                told += [(each["event"], each["data"]) for each in json.loads(reply["data"])]

    def close(self) -> None:
        self._pubsub.close()
