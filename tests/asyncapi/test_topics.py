"""docs/asyncapi.yaml tells of the events what the code does.

The document was checked with AsyncAPI's own JSON Schema (3.0.0); no package on PyPI carries that, so
here its references, its schemas and its examples are.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from chat_project.identifiers import new_id
from chat_project.settings.environment import BASE_DIR, environment
from consumers.dead_letters import DeadLetter, headers_of
from consumers.errors import Poison, Reason
from consumers.records import Place, Record
from consumers.registry import chat_registry
from consumers.roster.decoding import EVENT_TYPES
from messaging.changes import (
    LATER_EVENTS,
    MAX_EMOJI_LENGTH,
    MessageDeletedEvent,
    MessageEditedEvent,
    MessagePinnedEvent,
    MessageReactionAddedEvent,
    MessageReactionRemovedEvent,
    MessagesReadEvent,
    MessageUnpinnedEvent,
    encode_later,
)
from messaging.events import (
    MAX_CONTENT_UTF16_UNITS,
    MAX_MENTIONS,
    MAX_NAME_LENGTH,
    MESSAGE_TYPES,
    Attachment,
    Mention,
    MessageSentEvent,
    Outgoing,
    encode_message_sent,
)
from messaging.roster import (
    MAX_PARENTS,
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

Schema = dict[str, Any]

DOCUMENT: Any = yaml.safe_load((BASE_DIR / "docs" / "asyncapi.yaml").read_text())
EVENTS = (MessageSentEvent, *LATER_EVENTS)
ALL_EVENTS = (*EVENTS, *ROSTER_EVENTS)
TOPIC = "emis.message.sent"

NAME = {"maxLength": MAX_NAME_LENGTH}
CONTENT = {"maxLength": MAX_CONTENT_UTF16_UNITS}
EMOJI = {"maxLength": MAX_EMOJI_LENGTH}
NO_CONTROL = {"pattern": r"^[^\x00-\x1f\x7f]+$"}
CHECKED_LATER: Mapping[str, Mapping[str, Schema]] = {
    "MessageSentEvent": {
        **dict.fromkeys(("messageId", "conversationId", "tenantId", "senderId"), NO_CONTROL),
        **dict.fromkeys(("senderName", "replyToSenderName"), NAME),
        "content": CONTENT,
        "mentions": {"maxItems": MAX_MENTIONS},
        "type": {"enum": [*MESSAGE_TYPES, None]},
    },
    "Mention": {"userName": NAME},
    **{
        event.__name__: {"userName": NAME}
        for event in LATER_EVENTS
        if event is not MessagesReadEvent
    },
    "ParentOfStudent": {"parentName": NAME},
    "StudentCreatedIntegrationEvent": {"studentName": NAME, "parents": {"maxItems": MAX_PARENTS}},
    "ParentEnrolledIntegrationEvent": {"parentName": NAME},
    "TeacherAssignedIntegrationEvent": {"teacherName": NAME},
    "MessageEditedEvent": {"userName": NAME, "content": CONTENT},
    "MessageReactionAddedEvent": {"userName": NAME, "emojiCode": EMOJI},
    "MessageReactionRemovedEvent": {"userName": NAME, "emojiCode": EMOJI},
}
"""What is no matter of types: the decoders check it after msgspec has read the event."""


# --- the document itself --------------------------------------------------------------------------


def test_every_reference_leads_somewhere_and_nothing_is_left_over() -> None:
    references = set(_references(DOCUMENT))
    for reference in references:
        assert isinstance(at(reference), dict), reference

    for kind in ("messages", "schemas", "messageTraits"):
        for name in DOCUMENT["components"][kind]:
            assert f"#/components/{kind}/{name}" in references


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            assert set(part) == {"$ref"}, part
            yield part["$ref"]
        for each in part.values():
            yield from _references(each)
    elif isinstance(part, list):
        for each in part:
            yield from _references(each)


def at(reference: str) -> Any:
    found = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_it_has_what_asyncapi_3_demands() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    for server in DOCUMENT["servers"].values():
        assert {"host", "protocol"} <= server.keys()
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert operation["channel"]["$ref"].startswith("#/channels/")
    for channel in DOCUMENT["channels"].values():
        for name, message in channel["messages"].items():
            assert message == {"$ref": f"#/components/messages/{name}"}


@pytest.mark.parametrize("name", sorted(DOCUMENT["components"]["schemas"]))
def test_every_schema_is_one(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(DOCUMENT["components"]["schemas"][name])


@pytest.mark.parametrize("name", sorted(set(DOCUMENT["components"]["messages"]) - {"DeadLetter"}))
def test_every_event_has_an_example_that_is_one(name: str) -> None:
    examples = DOCUMENT["components"]["messages"][name]["examples"]

    assert examples
    for example in examples:
        check(example["payload"], name)
        msgspec.convert(example["payload"], event_named(name))
        if "headers" in example:
            check(example["headers"], "EventHeaders")


def check(value: Any, schema_name: str) -> None:
    reference = {"$ref": f"#/components/schemas/{schema_name}"}
    jsonschema.Draft7Validator({**reference, "components": DOCUMENT["components"]}).validate(value)


def event_named(name: str) -> type[msgspec.Struct]:
    return {each.__name__: each for each in ALL_EVENTS}[name]


# --- the code -------------------------------------------------------------------------------------


def test_the_message_topic_has_the_events_that_the_consumer_handles() -> None:
    handled = {kind for topic, kind in chat_registry(TOPIC).decoders if topic == TOPIC}

    assert set(DOCUMENT["channels"]["messages"]["messages"]) == handled
    assert {event.__name__ for event in EVENTS} == handled


def test_the_rosters_topic_has_the_events_that_the_consumer_handles() -> None:
    documented = set(DOCUMENT["channels"]["roster"]["messages"])

    assert documented == set(EVENT_TYPES) == {event.__name__ for event in ROSTER_EVENTS}


@pytest.mark.parametrize(
    "struct", [*ALL_EVENTS, Mention, Attachment, ParentOfStudent], ids=lambda each: each.__name__
)
def test_fields_types_and_bounds_are_those_of_the_code(struct: type[msgspec.Struct]) -> None:
    name = struct.__name__
    _, of_code = msgspec.json.schema_components([struct], ref_template="#/{name}")
    ours = of_code[name]
    documented = _merged(DOCUMENT["components"]["schemas"][name])
    further = CHECKED_LATER.get(name, {})

    assert documented["properties"].keys() == ours["properties"].keys()
    assert sorted(documented["required"]) == sorted(ours["required"])
    assert further.keys() <= ours["properties"].keys()
    for field, schema in ours["properties"].items():
        expected = {**_plain(schema), **further.get(field, {})}
        assert _plain(documented["properties"][field]) == expected, field


def _merged(schema: Schema) -> Schema:
    """Without references and allOf: of an object its properties and what it requires."""
    if "$ref" in schema:
        return _merged(at(schema["$ref"]))
    merged: Schema = {key: value for key, value in schema.items() if key != "allOf"}
    for part in map(_merged, schema.get("allOf", ())):
        merged["properties"] = {**part.get("properties", {}), **merged.get("properties", {})}
        merged["required"] = [*part.get("required", ()), *merged.get("required", ())]
        merged = {**part, **merged}
    return merged


BOUNDS = ("minLength", "maxLength", "pattern", "minimum", "maximum", "maxItems", "enum")


def _plain(schema: Schema) -> Schema:
    """A field's type and bounds, however they are written: `anyOf` null, a list, a reference."""
    if "anyOf" in schema:
        parts = [_plain(each) for each in schema["anyOf"]]
        merged = {key: value for part in parts for key, value in part.items()}
        return {**merged, "type": {kind for part in parts for kind in part["type"]}}
    if set(schema) == {"$ref"} and not schema["$ref"].startswith("#/components/"):
        return {"type": {"object"}, "is": schema["$ref"].removeprefix("#/")}
    schema, name = _merged(schema), schema.get("$ref", "").rpartition("/")[2]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    plain: Schema = {"type": set(kinds)} | {key: schema[key] for key in BOUNDS if key in schema}
    if "object" in kinds:
        plain["is"] = name
    if "items" in schema:
        plain["items"] = _plain(schema["items"])
    return plain


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
