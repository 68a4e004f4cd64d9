"""What was sent to the session's topic, stored by the consumer's own handler."""

from typing import Any

from confluent_kafka.admin import AdminClient

from chat_project.mongodb import collection
from chat_project.settings.environment import environment
from consumers.client import message_handler
from consumers.effects import Effects
from consumers.loop import Batch
from consumers.records import from_kafka
from consumers.topics import describe
from tests.consumers.conftest import ListedDeadLetters
from tests.messaging.conftest import records_in


def store_sent(conversation_id: str) -> list[dict[str, Any]]:
    """Applies all records of the conversation; gives its stored messages by number."""
    letters = ListedDeadLetters()
    handler = message_handler(
        environment(),
        dead_letter_topic=letters,
        effects=Effects(outcome_seconds=0),
        run_limit=100,
    )
    topic = describe(AdminClient(environment().kafka_connection()), environment().message_topic)
    handler.assigned([topic], {})
    handler.apply(Batch([from_kafka(each) for each in records_in(conversation_id)], 0.0))
    assert letters.letters == []
    found = collection("messages").find({"conversationId": conversation_id})
    return list(found.sort("seq", 1))
