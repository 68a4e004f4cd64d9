"""docs/asyncapi.yaml as it is read, and values held against its schemas."""

from typing import Any

import jsonschema
import yaml

from chat_project.settings.environment import BASE_DIR
from messaging.changes import LATER_EVENTS
from messaging.events import MessageSentEvent
from messaging.roster import ROSTER_EVENTS

Schema = dict[str, Any]

DOCUMENT: Any = yaml.safe_load((BASE_DIR / "docs" / "asyncapi.yaml").read_text())
EVENTS = (MessageSentEvent, *LATER_EVENTS)
ALL_EVENTS = (*EVENTS, *ROSTER_EVENTS)
TOPIC = "emis.message.sent"


def at(reference: str) -> Any:
    found = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def check(value: Any, schema_name: str) -> None:
    reference = {"$ref": f"#/components/schemas/{schema_name}"}
    jsonschema.Draft7Validator({**reference, "components": DOCUMENT["components"]}).validate(value)
