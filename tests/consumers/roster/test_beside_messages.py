"""The roster and the messages in one consumer, each on its own topic."""

import pytest

from chat_project.mongodb import collection
from consumers import metrics
from consumers.records import TopicPartition
from consumers.topics import TopicDescription
from tests.consumers.conftest import Consumer, Log
from tests.consumers.events import event
from tests.consumers.roster_events import ADMIN, CREATED, RosterTopic, School

pytestmark = pytest.mark.usefixtures("quiet")


def sent(result: str) -> float:
    from chat_project.metrics import messages_sent_total

    return float(messages_sent_total.labels(result)._value.get())


def test_messages_count_as_messages_and_the_roster_as_the_roster(
    topic: RosterTopic, consumer: Consumer, school: School, log: Log
) -> None:
    def roster(result: str) -> float:
        return float(metrics.roster_events.labels(result)._value.get())

    before = sent("failed"), roster("applied"), roster("dead_letter")

    topic.apply(
        [
            topic.append(*school.created("s-1", "parent-1")),
            topic.append(CREATED, b"{"),
            log.append(b"{"),
        ]
    )

    after = sent("failed"), roster("applied"), roster("dead_letter")
    assert after == tuple(value + 1 for value in before)


def test_the_message_of_a_batch_finds_what_the_roster_made_of_it(
    topic: RosterTopic, consumer: Consumer, school: School, log: Log
) -> None:
    topic.deliver(school.created("s-1", "parent-1"))
    group_id = school.group()["_id"]
    log.append(event(group_id, tenant_id=school.tenant_id, senderId="parent-1"))
    rename = topic.append(*school.enrolled("s-1", "parent-1", parentName="Bà Lan"))

    consumer.apply([*log.records, rename])

    [message] = collection("messages").find({"conversationId": group_id})
    assert message["senderName"] == "Bà Lan"


def test_the_roster_is_not_read_from_the_message_topic(
    consumer: Consumer, school: School, log: Log
) -> None:
    _, body = school.created("s-1", "parent-1")
    log.append(body, key="any", event_type=CREATED)

    consumer.apply(log.records)

    assert school.groups() == []


def test_the_platform_may_add_partitions_to_its_topic(
    topic: RosterTopic, consumer: Consumer, school: School
) -> None:
    grown = TopicDescription(topic.name, f"id-of-{topic.name}", 6)

    consumer.handler.assigned([grown], {TopicPartition(topic.name, 5): None})
    topic.deliver(school.created("s-1", "parent-1"))

    assert school.people() == {"parent-1": ADMIN}
