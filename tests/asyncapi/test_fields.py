"""Which events each topic has, and their fields, types and bounds, are those of the code."""

from collections.abc import Mapping

import msgspec
import pytest

from chat_project.texts import MAX_NAME_UTF16_UNITS
from consumers.registry import chat_registry
from consumers.roster.decoding import EVENT_TYPES
from messaging.changes import (
    LATER_EVENTS,
    MAX_EMOJI_LENGTH,
    MAX_REDACTED_UTF16_UNITS,
    MessagesReadEvent,
    Replaced,
)
from messaging.events import (
    MAX_CONTENT_UTF16_UNITS,
    MAX_MENTIONS,
    MESSAGE_TYPES,
    Attachment,
    Mention,
)
from messaging.roster import MAX_PARENTS, ROSTER_EVENTS, ParentOfStudent
from tests.asyncapi.document import ALL_EVENTS, DOCUMENT, EVENTS, TOPIC, Schema, at

NAME = {"maxLength": MAX_NAME_UTF16_UNITS}
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
    "MessageEditedEvent": {"userName": NAME, "content": {"maxLength": MAX_REDACTED_UTF16_UNITS}},
    "MessageReactionAddedEvent": {"userName": NAME, "emojiCode": EMOJI},
    "MessageReactionRemovedEvent": {"userName": NAME, "emojiCode": EMOJI},
}
"""What is no matter of types: the decoders check it after msgspec has read the event."""


def test_the_message_topic_has_the_events_that_the_consumer_handles() -> None:
    handled = {kind for topic, kind in chat_registry(TOPIC).decoders if topic == TOPIC}

    assert set(DOCUMENT["channels"]["messages"]["messages"]) == handled
    assert {event.__name__ for event in EVENTS} == handled


def test_the_rosters_topic_has_the_events_that_the_consumer_handles() -> None:
    documented = set(DOCUMENT["channels"]["roster"]["messages"])

    assert documented == set(EVENT_TYPES) == {event.__name__ for event in ROSTER_EVENTS}


@pytest.mark.parametrize(
    "struct",
    [*ALL_EVENTS, Mention, Attachment, ParentOfStudent, Replaced],
    ids=lambda each: each.__name__,
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
