"""What a round produces: conversations, hot and cold, with retries, duplicates and poison.

Each record says in a header of its own what must become of it; the oracle reads it there.
"""

import json
import random
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zlib import crc32

import confluent_kafka as kafka

from chat_project.kafka_logs import kafka_logger
from tests.consumers.events import change, event

PARTITIONS = 10
EXPECTED = "fault-suite-expects"
STORED, ANYTHING, CHANGED, READ = "stored", "anything", "changed", "read"
TRAFFIC_SECONDS, TRAFFIC_RECORDS = 0.02, 5
FLUSH_SECONDS = 120.0

CHANGES = {
    "edit": ("MessageEditedEvent", 4),
    "delete": ("MessageDeletedEvent", 1),
    "react": ("MessageReactionAddedEvent", 3),
    "unreact": ("MessageReactionRemovedEvent", 2),
    "pin": ("MessagePinnedEvent", 1),
    "unpin": ("MessageUnpinnedEvent", 1),
    "read": ("MessagesReadEvent", 3),
}
"""What happens to messages later: the `event-type` and how often it comes beside the others."""
SHARE_OF_CHANGES, FAVOURED_SHARE = 0.2, 0.6
EMOJIS = ("👍", "❤️", "🎉")

Coordinates = tuple[int, int]
"""Partition and offset in the message topic."""


class Load:
    """Produces to one topic; repeatable by its dice. `acknowledged` maps coordinates to ids."""

    def __init__(
        self,
        dice: random.Random,
        connection: Mapping[str, str],
        topic: str,
        rooms: Mapping[str, str],
    ) -> None:
        self.acknowledged: dict[Coordinates, str | None] = {}
        self.failures: list[str] = []
        self._dice, self._topic = dice, topic
        self._tenant_of = rooms
        self._rooms = list(rooms)
        self._heat = [1 / rank for rank in range(1, len(rooms) + 1)]  # Zipf's law
        self._sent: list[dict[str, Any]] = []
        self._kinds: tuple[str, ...] = tuple(CHANGES)
        self._changing = SHARE_OF_CHANGES
        self._lock = threading.Lock()
        self._started_at = datetime.now(UTC)
        self._producer = kafka.Producer(
            {
                **connection,
                "enable.idempotence": True,
                "linger.ms": 2,
                "message.timeout.ms": int(FLUSH_SECONDS * 1_000),
                "reconnect.backoff.max.ms": 1_000,
            },
            logger=kafka_logger,
        )

    def favour(self, *kinds: str) -> None:
        """From now on three of five records are such changes."""
        self._kinds, self._changing = kinds, FAVOURED_SHARE

    def send(self, count: int) -> None:
        """Records of every kind; returns when Kafka has acknowledged all."""
        with self._lock:
            for _ in range(count):
                self._any_record()
            self.flush()

    @contextmanager
    def traffic(self) -> Iterator[None]:
        """Some 250 records a second in the background; ends with all of them acknowledged."""
        done = threading.Event()
        with ThreadPoolExecutor(1, "traffic") as pool:
            working = pool.submit(self._until, done)
            try:
                yield
            finally:
                done.set()
        working.result()
        self.flush()

    def message(self, room: str | None = None, **fields: Any) -> dict[str, Any]:
        """A new good message; it is not sent."""
        room = room or self._dice.choices(self._rooms, self._heat)[0]
        sent_at = self._started_at + timedelta(milliseconds=self._dice.randrange(60_000))
        return event(
            room,
            tenant_id=self._tenant_of[room],
            **{
                "messageId": self.new_id(),
                "senderId": f"user-{self._dice.randrange(3)}",
                "content": f"Xin chào {self._dice.random()}",
                "sentAt": sent_at.isoformat(timespec="milliseconds"),
                **fields,
            },
        )

    def partition_of(self, key: str) -> int:
        return crc32(key.encode()) % PARTITIONS

    def new_id(self) -> str:
        return str(UUID(int=self._dice.getrandbits(128), version=4))

    def produce(
        self,
        body: dict[str, Any] | bytes | None,
        *,
        expects: str = STORED,
        key: str | None = None,
        partition: int | None = None,
        event_type: str | None = "MessageSentEvent",
    ) -> None:
        """One record; key and partition follow from the body, if it tells them."""
        if key is None:
            key = body["conversationId"] if isinstance(body, dict) else "broken"
        message_id = body.get("messageId") if isinstance(body, dict) else None

        def on_delivery(error: kafka.KafkaError | None, record: "kafka.Message[Any, Any]") -> None:
            if error is not None:
                self.failures.append(str(error))
            else:
                place = (record.partition() or 0, record.offset() or 0)
                self.acknowledged[place] = message_id

        headers: list[tuple[str, str | bytes | None]] = [(EXPECTED, expects.encode())]
        if event_type is not None:
            headers.append(("event-type", event_type.encode()))
        self._producer.produce(
            self._topic,
            json.dumps(body).encode() if isinstance(body, dict) else body,
            key,
            partition=self.partition_of(key) if partition is None else partition,
            headers=headers,
            on_delivery=on_delivery,
        )
        self._producer.poll(0)

    def flush(self) -> None:
        assert self._producer.flush(FLUSH_SECONDS) == 0, "Kafka did not acknowledge the load"
        assert self.failures == []

    def _until(self, done: threading.Event) -> None:
        while not done.wait(TRAFFIC_SECONDS):
            with self._lock:
                for _ in range(TRAFFIC_RECORDS):
                    self._any_record()

    def _any_record(self) -> None:
        if self._sent and self._dice.random() < self._changing:
            self._any_change()
            return
        kind = self._dice.random()
        if kind < 0.08 and self._sent:
            self.produce(self._dice.choice(self._sent))  # a client's or a producer's retry
        elif kind < 0.11 and self._sent:
            stolen = {**self._dice.choice(self._sent), "content": "other"}
            self.produce(stolen, expects="id_conflict")
        elif kind < 0.14:
            partition = self._dice.randrange(PARTITIONS)
            self.produce(b"{broken", expects="malformed", partition=partition)
        elif kind < 0.16:
            nowhere = self.message() | {"conversationId": self.new_id()}
            self.produce(nowhere, expects="unknown_conversation")
        else:
            self._good_message(kind)

    def _good_message(self, kind: float) -> None:
        body = self.message()
        if kind < 0.24 and self._sent:
            quoted = self._dice.choice(self._sent)
            body = self.message(quoted["conversationId"], replyToMessageId=quoted["messageId"])
        elif kind < 0.28:
            body["sentAt"] = "2020-02-29T12:00:00.1234567+07:00"
        elif kind < 0.40:
            start = self._dice.randrange(40)  # some lie behind the text of a later edit
            mention = {"userId": "user-2", "startIndex": start, "length": 3}
            body["mentions"] = [{**mention, "startIndex": 0}, mention]
        self.produce(body)
        self._sent.append(body)

    def _any_change(self) -> None:
        """Of a message that was sent before; now and then of one that is not there, or elsewhere."""
        weights = [CHANGES[kind][1] for kind in self._kinds]
        [kind] = self._dice.choices(self._kinds, weights)
        target = self._dice.choice(self._sent)
        room, user = target["conversationId"], f"user-{self._dice.randrange(3)}"
        body = change(room, tenant_id=self._tenant_of[room], userId=user)
        event_type = CHANGES[kind][0]
        if kind == "read":
            known = sum(each["conversationId"] == room for each in self._sent)
            body |= {"upToSeq": self._dice.randint(1, known), "readAt": body.pop("at")}
            self.produce(body, expects=READ, event_type=event_type)
            return
        expects, message_id = CHANGED, target["messageId"]
        if self._dice.random() < 0.05:
            stranger = self._dice.choice(self._sent)
            is_elsewhere = stranger["conversationId"] != room
            message_id = stranger["messageId"] if is_elsewhere else self.new_id()
            expects = "unknown_target"
        body["messageId"] = message_id
        if kind == "edit":
            body["content"] = f"Sửa lại {self._dice.random()}"
        elif kind in ("react", "unreact"):
            body["emojiCode"] = self._dice.choice(EMOJIS)
        self.produce(body, expects=expects, event_type=event_type)
