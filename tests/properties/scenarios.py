"""A log of three rooms, made from entries, and the consumers that store it."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from consumers.handler import ChatHandler
from consumers.records import Record, TopicPartition
from consumers.registry import chat_registry
from consumers.runs import Runs
from consumers.topics import TopicDescription
from consumers.writer import MessageWriter
from tests.consumers.conftest import ListedDeadLetters
from tests.consumers.events import change, event, record
from tests.properties.choices import CHANGES, PARTITIONS, READ, READER, Entry
from tests.properties.processes import in_turns
from tests.properties.store import REFUSED_CONTENT


class Scenario:
    """A log of three rooms, made from entries; `name` keeps rooms and ids of examples apart."""

    def __init__(self, name: str, planned: Sequence[Entry]) -> None:
        self.topic = f"{name}.message.sent"
        self.rooms = [f"{name}-room-{number}" for number in range(3)]
        self.log: list[list[Record]] = [[] for _ in range(PARTITIONS)]
        self.kept_whole = ListedDeadLetters()
        """The dead-letter topic; every copy in it."""
        self._sent: list[dict[str, Any]] = []
        for number, entry in enumerate(planned):
            self._append(entry, f"{name}/{number}")

    def _append(self, entry: Entry, new_id: str) -> None:
        if entry.kind in CHANGES or entry.kind == "read":
            self._append_change(entry, new_id)
            return
        room = self.rooms[entry.room]
        sent_at = f"2025-11-07T10:0{entry.minute}:00Z"
        body: dict[str, Any] = event(room, messageId=new_id, sentAt=sent_at, content=new_id)
        partition = partition_of(room)
        if entry.kind in {"repeat", "theft"} and self._sent:
            body = dict(self._sent[entry.of % len(self._sent)])
            partition = partition_of(body["conversationId"])
            if entry.kind == "theft":
                body["content"] = "another text under the same id"
        elif entry.kind == "abroad" and self._sent:
            body["messageId"] = self._sent[entry.of % len(self._sent)]["messageId"]
        elif entry.kind == "refused":
            body["content"] = REFUSED_CONTENT
        elif entry.kind == "stranger":
            body["conversationId"] = f"{room}-unknown"
            partition = partition_of(body["conversationId"])
        elif entry.kind == "foreign":
            body["tenantId"] = "another tenant"
        elif entry.kind == "misplaced":
            partition = (partition + 1) % PARTITIONS
        else:
            self._sent.append(body)
        value = b"broken" if entry.kind == "broken" else body
        self._put(value, body["conversationId"], partition, "MessageSentEvent")

    def _append_change(self, entry: Entry, new_id: str) -> None:
        room, message_id = self.rooms[entry.room], new_id
        if self._sent and entry.kind not in ("read", "lost edit"):
            target = self._sent[entry.of % len(self._sent)]
            room, message_id = target["conversationId"], target["messageId"]
        body = change(room, userId=READER)
        if entry.kind == "read":
            body |= {"upToSeq": entry.minute, "readAt": body.pop("at")}
        else:
            content = REFUSED_CONTENT if entry.kind == "refused edit" else f"edit {new_id}"
            body |= {"messageId": message_id, "content": content, "emojiCode": "👍"}
        self._put(body, room, partition_of(room), CHANGES.get(entry.kind, READ))

    def _put(self, value: Any, key: str, partition: int, event_type: str) -> None:
        self.log[partition].append(
            record(
                value,
                offset=len(self.log[partition]),
                key=key,
                partition=partition,
                topic=self.topic,
                event_type=event_type,
            )
        )

    def new_handler(self) -> ChatHandler:
        """A consumer process with empty memory that got every partition."""
        handler = ChatHandler(
            message_topic=self.topic,
            partitions=PARTITIONS,
            registry=chat_registry(self.topic),
            writer=MessageWriter(lambda _: {}),
            dead_letter_topic=DeadLettersInTurns(self.kept_whole),
            effects=NoEffects(),  # type: ignore[arg-type]  # a hint only, and not looked at here
            runs=Runs(1_000),
        )
        described = TopicDescription(self.topic, f"id of {self.topic}", PARTITIONS)
        partitions = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
        handler.assigned([described], dict.fromkeys(partitions))
        return handler


class DeadLettersInTurns:
    """To produce is a step of its own: a process may die between an outcome and its record."""

    def __init__(self, topic: ListedDeadLetters) -> None:
        self.produce = in_turns("produce", topic.produce)


class NoEffects:
    def after(self, *_: object) -> None:
        """Step 8 changes nothing that the recount sees."""


def partition_of(room: str) -> int:
    return crc32(room.encode()) % PARTITIONS
