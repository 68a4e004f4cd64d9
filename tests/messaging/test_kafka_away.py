"""Kafka away, slow or full: 503 with the id, never a false success, and reads go on."""

import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from chat_project.identifiers import new_id
from chat_project.settings.environment import environment
from conversations.values import ConversationSettings
from devstack.pytest_plugin import StackFactory
from devstack.stack import Stack
from messaging.deliveries import Reason, Refused, Unknown
from messaging.events import Outgoing
from messaging.identifiers import derived_message_id
from messaging.topics import TopicAdministration, TopicPlan
from tests.conftest import Api
from tests.messaging.conftest import (
    BATCH,
    HISTORY,
    TEXT,
    UseProducer,
    data_of,
    error_of,
    records_in,
    status_of,
    store_message,
    text_for,
)
from tests.waiting import wait_until


def id_of(user: Api, key: str) -> str:
    return derived_message_id(user.tenant_id, user.user_id, key)


def assert_unavailable(response: Any, code: str, message_id: str) -> None:
    assert (response.status_code, error_of(response)["code"]) == (503, code)
    assert error_of(response)["details"]["messageId"] == message_id
    assert int(response["Retry-After"]) >= 1


def test_without_a_report_the_outcome_is_unknown_and_the_message_stays_sending(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    use_producer()

    response = mai.post(TEXT, text_for(group), idempotency_key="k")

    assert_unavailable(response, "message_outcome_unknown", id_of(mai, "k"))
    assert status_of(mai, id_of(mai, "k")) == "Sending"


def test_while_kafka_is_silent_nothing_more_is_sent_and_nothing_is_left_behind(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    use_producer()
    mai.post(TEXT, text_for(group), idempotency_key="first")

    response = mai.post(TEXT, text_for(group), idempotency_key="second")

    assert_unavailable(response, "kafka_unavailable", id_of(mai, "second"))
    assert status_of(mai, id_of(mai, "second")) is None


def test_reads_go_on_meanwhile(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    use_producer()
    stored = store_message(group, 1)
    mai.post(TEXT, text_for(group))

    assert status_of(mai, stored) == "Sent"
    assert len(data_of(mai.get(HISTORY + group.id))["messages"]) == 1


def test_a_retry_that_is_refused_at_once_leaves_the_first_ones_record(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    use_producer()
    mai.post(TEXT, text_for(group), idempotency_key="k")

    again = mai.post(TEXT, text_for(group), idempotency_key="k")

    assert_unavailable(again, "kafka_unavailable", id_of(mai, "k"))
    assert status_of(mai, id_of(mai, "k")) == "Sending"


def test_a_retry_once_kafka_is_back_gives_one_id(
    mai: Api,
    group: ConversationSettings,
    use_producer: UseProducer,
) -> None:
    use_producer()
    assert mai.post(TEXT, text_for(group), idempotency_key="k").status_code == 503
    use_producer(environment().kafka_bootstrap_servers)

    message = data_of(mai.post(TEXT, text_for(group), idempotency_key="k"))

    assert message["messageId"] == id_of(mai, "k")
    assert len(records_in(group.id)) == 1


def test_a_late_definite_failure_takes_the_record_away(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    producer = use_producer()
    mai.post(TEXT, text_for(group), idempotency_key="k")
    assert status_of(mai, id_of(mai, "k")) == "Sending"

    producer.close()  # drops what was never sent

    assert status_of(mai, id_of(mai, "k")) is None


def test_a_full_queue_refuses_the_rest_of_a_batch(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    use_producer(queue_limit=1)
    items = [text_for(group, clientMessageId=key) for key in ("a", "b", "c")]

    response = mai.post(BATCH, items)

    error = error_of(response)
    assert (response.status_code, error["code"]) == (503, "message_outcome_unknown")
    assert int(response["Retry-After"]) >= 1
    outcomes = error["details"]["outcomes"]
    assert [outcome["error"]["code"] for outcome in outcomes] == [
        "message_outcome_unknown",
        "queue_full",
        "queue_full",
    ]
    ids = [outcome["error"]["details"]["messageId"] for outcome in outcomes]
    assert ids == [id_of(mai, key) for key in ("a", "b", "c")]
    assert [status_of(mai, id_) for id_ in ids] == ["Sending", None, None]


def in_background(work: Callable[[], Any]) -> Callable[[], Any]:
    """Runs it on a thread; what it gives is asked by calling the answer."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()

    def result() -> Any:
        thread.join(30)
        return results[0]

    return result


def test_a_text_that_finds_the_queue_full_is_not_sent(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    producer = use_producer(queue_limit=1)
    filling = in_background(lambda: producer.send([RECORD], ignore))
    wait_until(lambda: len(producer._kafka) == 1, "a record in the queue")

    response = mai.post(TEXT, text_for(group), idempotency_key="k")

    assert_unavailable(response, "queue_full", id_of(mai, "k"))
    assert status_of(mai, id_of(mai, "k")) is None
    assert filling() == [Unknown()]


def test_a_batch_with_one_bad_item_is_503_when_the_others_did_not_get_through(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    use_producer()

    response = mai.post(BATCH, [text_for(group, ""), text_for(group)])

    codes = [each["error"]["code"] for each in error_of(response)["details"]["outcomes"]]
    assert response.status_code == 503
    assert codes == ["content_empty", "message_outcome_unknown"]


def test_a_batch_that_needs_no_kafka_does_not_mind(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    use_producer()

    assert mai.post(BATCH, [text_for(group, "")]).status_code == 200


RECORD = Outgoing(key="k", value=b"{}", headers=[])


def ignore(_index: int) -> None:
    """Nobody minds a late refusal."""


def test_only_so_many_threads_wait_for_kafka(database: None, use_producer: UseProducer) -> None:
    producer = use_producer(waiting_threads=1)
    waiting = in_background(lambda: producer.send([RECORD], ignore))
    wait_until(lambda: len(producer._kafka) == 1, "a record in the queue")

    refused = producer.send([RECORD], ignore)

    assert refused == [Refused(Reason.KAFKA_UNAVAILABLE)]
    assert waiting() == [Unknown()]


def test_a_record_that_the_topic_is_too_small_for_is_refused_for_good(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    topic = f"{environment().kafka_topic_prefix}.small"
    admin = AdminClient({"bootstrap.servers": environment().kafka_bootstrap_servers})
    small = NewTopic(topic, environment().kafka_partitions, config={"max.message.bytes": "600"})
    admin.create_topics([small])[topic].result()
    use_producer(environment().kafka_bootstrap_servers, topic=topic)
    content = "".join(new_id() for _ in range(100))  # nothing that lz4 could make small

    response = mai.post(TEXT, text_for(group, content), idempotency_key="k")

    assert (response.status_code, error_of(response)["code"]) == (413, "message_too_large")
    assert status_of(mai, id_of(mai, "k")) is None
    assert mai.post(TEXT, text_for(group, content), idempotency_key="k").status_code == 413


@pytest.fixture(scope="module")
def private_kafka(private_stack: StackFactory) -> Stack:
    """A broker with the message topic, which a test may pause."""
    stack = private_stack()
    servers = {"bootstrap.servers": stack.env()["KAFKA_BOOTSTRAP_SERVERS"]}
    plan = TopicPlan(environment().message_topic, environment().kafka_partitions, 1, {})
    TopicAdministration(servers).create_missing([plan])
    return stack


def test_a_paused_broker_makes_the_outcome_unknown_and_it_may_be_stored_later(
    mai: Api,
    group: ConversationSettings,
    private_kafka: Stack,
    use_producer: UseProducer,
) -> None:
    servers = private_kafka.env()["KAFKA_BOOTSTRAP_SERVERS"]
    use_producer(servers)
    data_of(mai.post(TEXT, text_for(group, "before")))
    private_kafka.service("kafka-1").pause()
    try:
        slow = mai.post(TEXT, text_for(group), idempotency_key="k")
        next_one = mai.post(TEXT, text_for(group), idempotency_key="other")
    finally:
        private_kafka.service("kafka-1").resume()

    assert_unavailable(slow, "message_outcome_unknown", id_of(mai, "k"))
    assert_unavailable(next_one, "kafka_unavailable", id_of(mai, "other"))
    retry = wait_until(
        lambda: accepted(mai.post(TEXT, text_for(group), idempotency_key="k")), "an accepted retry"
    )
    assert retry["messageId"] == id_of(mai, "k")
    logged = [
        msgspec.json.decode(record.value() or b"")["messageId"]
        for record in records_in(group.id, servers=servers)
    ]
    assert set(logged[1:]) == {id_of(mai, "k")}  # once or more; the consumer keeps one


def accepted(response: Any) -> Any:
    return data_of(response) if response.status_code == 200 else None
