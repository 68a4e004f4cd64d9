"""What lies in the topics, and the topics themselves, are as documented."""

from collections.abc import Iterator
from datetime import UTC, datetime

import jsonschema
import msgspec

from chat_project.identifiers import new_id
from chat_project.settings.environment import environment
from consumers.dead_letters import DeadLetter, headers_of
from consumers.errors import Poison, Reason
from consumers.records import Place, Record
from messaging.changes import (
    MessageDeletedEvent,
    MessageEditedEvent,
    MessagePinnedEvent,
    MessageReactionAddedEvent,
    MessageReactionRemovedEvent,
    MessagesReadEvent,
    MessageUnpinnedEvent,
    encode_later,
)
from messaging.events import Attachment, Mention, MessageSentEvent, Outgoing, encode_message_sent
from messaging.roster import (
    ROSTER_EVENTS,
    ParentEnrolledIntegrationEvent,
    ParentOfStudent,
    StudentClassChangedIntegrationEvent,
    StudentCreatedIntegrationEvent,
    TeacherAssignedIntegrationEvent,
    TeacherUnassignedIntegrationEvent,
    encode_roster,
)
from messaging.topics import planned_topics
from tests.asyncapi.document import DOCUMENT, EVENTS, TOPIC, check

NOW = datetime(2025, 11, 7, 10, tzinfo=UTC)
CHANGE = {
    "conversation_id": new_id(),
    "tenant_id": "school-1",
    "user_id": "teacher-1",
    "message_id": new_id(),
    "user_name": "Lê Văn Dũng",
    "at": "2025-11-07T10:00:00.000Z",
}


def records() -> Iterator[Outgoing]:
    """One of each event, as the API produces it."""
    yield encode_message_sent(
        MessageSentEvent(
            message_id=new_id(),
            conversation_id=new_id(),
            tenant_id="school-1",
            sender_id="teacher-1",
            content="Chào cả nhà",
            sent_at="2025-11-07T10:00:00.000Z",
            mentions=[Mention("parent-1", "Hoàng Thị Lan", 0, 4)],
            attachments=[Attachment("file-1", file_size=1)],
        ),
        occurred_on=NOW,
    )
    for event in (
        MessageEditedEvent(**CHANGE, content="Chào"),
        MessageDeletedEvent(**CHANGE),
        MessageReactionAddedEvent(**CHANGE, emoji_code="👍"),
        MessageReactionRemovedEvent(**CHANGE, emoji_code="👍"),
        MessagePinnedEvent(**CHANGE),
        MessageUnpinnedEvent(**CHANGE),
        MessagesReadEvent(
            conversation_id=new_id(),
            tenant_id="school-1",
            user_id="parent-1",
            up_to_seq=4,
            read_at="2025-11-07T10:00:00.000Z",
        ),
    ):
        yield encode_later(event, occurred_on=NOW)


def test_what_the_api_produces_is_as_documented() -> None:
    kinds = []
    for record in records():
        headers = {name: value.decode() for name, value in record.headers}
        payload = msgspec.json.decode(record.value)
        check(headers, "EventHeaders")
        check(payload, headers["event-type"])
        assert set(headers) == set(DOCUMENT["components"]["schemas"]["EventHeaders"]["properties"])
        assert record.key == headers["ordering-key"] == payload["conversationId"]
        kinds.append(headers["event-type"])

    assert kinds == [event.__name__ for event in EVENTS]


def roster_records() -> Iterator[Outgoing]:
    """One of each event, as `import_roster` produces it, or would."""
    student = {"tenant_id": "school-1", "student_id": "student-1"}
    teacher = {"tenant_id": "school-1", "class_id": "class-9A", "teacher_id": "teacher-1"}
    parents = [ParentOfStudent("parent-1", "Hoàng Thị Lan", "Mother")]
    for event in (
        StudentCreatedIntegrationEvent(**student, student_name="An", parents=parents),
        ParentEnrolledIntegrationEvent(**student, parent_id="parent-2", parent_name="Tư"),
        TeacherAssignedIntegrationEvent(**teacher, teacher_name="Dũng", is_head_teacher=True),
        TeacherUnassignedIntegrationEvent(**teacher),
        StudentClassChangedIntegrationEvent(**student, class_id="class-9B"),
    ):
        yield encode_roster(event, key="class-9A", occurred_on=NOW)


def test_what_import_roster_produces_is_as_documented() -> None:
    kinds = []
    for record in roster_records():
        headers = {name: value.decode() for name, value in record.headers}
        check(headers, "EventHeaders")
        check(msgspec.json.decode(record.value), headers["event-type"])
        assert record.key == headers["ordering-key"]
        kinds.append(headers["event-type"])

    assert kinds == [event.__name__ for event in ROSTER_EVENTS]


def test_the_topics_are_as_they_are_created() -> None:
    default = environment().model_copy(
        update={"kafka_topic_prefix": "emis", "kafka_partitions": 10, "kafka_topics": ()}
    )
    plans = {plan.name: plan for plan in planned_topics(default, brokers=3)}
    channels = {channel["address"]: channel for channel in DOCUMENT["channels"].values()}

    assert channels.keys() == plans.keys()
    for address, channel in channels.items():
        told, plan = channel["bindings"]["kafka"], plans[address]
        assert told["topic"] == address
        assert (told["partitions"], told["replicas"]) == (plan.partitions, plan.replication_factor)
        for name, value in told["topicConfiguration"].items():
            shown = ",".join(value) if isinstance(value, list) else str(value)
            assert plan.configs[name] == shown, name


def test_a_dead_letters_headers_are_the_documented_ones() -> None:
    own = [("event-type", b"MessageSentEvent")]
    record = Record(TOPIC, 3, 7, b"key", b"{", tuple(own), 0)
    schema = DOCUMENT["components"]["schemas"]["DeadLetterHeaders"]

    for reason in Reason:
        letter = DeadLetter(record, Place(1, 3, 7), Poison(reason, "why"))
        headers = {name: (value or b"").decode() for name, value in headers_of(letter, "group")}
        del headers["event-type"]
        jsonschema.validate(headers, schema)
        assert set(headers) == set(schema["properties"]) == set(schema["required"])
    reasons = schema["properties"]["__connect.errors.exception.class.name"]["enum"]
    assert sorted(reasons) == sorted(Reason)
