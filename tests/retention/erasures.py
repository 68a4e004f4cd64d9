"""An erasure of one person on a live database, and what others say beforehand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from consumers.erasure import said
from consumers.erasure.erasing import Erased, Waiting, erase
from consumers.tenants import Subject
from messaging.producer import Producer
from tests.consumers.conftest import stored
from tests.consumers.events import change, event
from tests.retention.lives import Live

HER = "user-zq"
NAME = "Trần Thị Nga"
OTHER = "user-2"
SUBJECT = Subject("tenant-1", HER)


class Erasure:
    """Of HER. What is said is in the log; `live.drain()` stores it."""

    def __init__(self, live: Live) -> None:
        self.live = live

    def say(self, room: str, content: str, **more: Any) -> str:
        """By somebody else, unless another sender is given; gives the message's id."""
        body = event(room, **{"senderId": OTHER, "senderName": "Lê Hoa", "content": content} | more)
        self.live.pipeline.produce([body])
        return str(body["messageId"])

    def tell(self, room: str, content: str) -> str:
        """By the system."""
        return self.say(room, content, type="System", senderId="system", senderName="System")

    def edit(self, room: str, message_id: str, content: str) -> None:
        body = change(room, userId=OTHER, messageId=message_id, content=content)
        self.live.pipeline.produce([body], event_type="MessageEditedEvent")

    def run(self, *names: str) -> Erased:
        """Beside a consumer; `names` are given with it."""
        with self.live.consuming():
            return erase(
                self.live.environment,
                SUBJECT,
                names,
                by="Mai",
                reason="she asked for it",
                waiting=Waiting(self.live.environment.kafka_group_id, 60),
                on_conversations=lambda _: None,
            )


@contextmanager
def sending_to(live: Live) -> Iterator[None]:
    """What an erasure publishes goes to this test's topic."""
    connection = live.environment.kafka_connection()
    producer = Producer(connection, live.topic, partitions=10, waiting_threads=8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(said, "producer", lambda: producer)
        yield
    producer.close()


def mention(content: str, shown: str, **more: Any) -> dict[str, Any]:
    """The fields of a message that mentions HER where it shows this."""
    marked = {"userId": HER, "startIndex": content.index(shown), "length": len(shown)}
    return {"content": content, "mentions": [{**marked, "userName": NAME, **more}]}


def texts(room: str) -> list[str]:
    return [document["content"] for document in stored(room)]
