"""What describes a topic, when brokers come and go."""

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicCollection

from consumers import topics
from consumers.errors import RetryLater
from consumers.topics import describe

TOPIC = "chat-messages"


class BrokersOfWhichOneDied:
    """An AdminClient as librdkafka 2.16 behaves: asks whom it last heard to be the controller."""

    def __init__(self, *, heard: list[str]) -> None:
        self.controller = "dead"
        self.heard = heard
        self.asked: list[str] = []

    def list_topics(self, topic: str, timeout: float) -> None:
        self.controller = self.heard.pop(0)

    def describe_topics(
        self, names: TopicCollection, request_timeout: float
    ) -> dict[str, Future[Any]]:
        self.asked.append(self.controller)
        future: Future[Any] = Future()
        if self.controller == "alive":
            future.set_result(SimpleNamespace(topic_id="abc", partitions=[0, 1]))
        elif self.controller == "dead":
            future.set_exception(KafkaException(KafkaError(KafkaError._TIMED_OUT)))
        else:
            future.set_exception(KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)))
        return {TOPIC: future}


def test_a_dead_controller_is_looked_for_anew() -> None:
    brokers: Any = BrokersOfWhichOneDied(heard=["dead", "alive"])
    assert describe(brokers, TOPIC) == topics.TopicDescription(TOPIC, "abc", 2)
    assert brokers.asked == ["dead", "alive"]


def test_brokers_that_do_not_answer_are_asked_until_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(topics, "DESCRIBE_SECONDS", -1.0)
    brokers: Any = BrokersOfWhichOneDied(heard=["dead"])
    with pytest.raises(RetryLater, match=TOPIC):
        describe(brokers, TOPIC)
    assert brokers.asked == ["dead"]


def test_a_topic_that_is_not_there_is_told_at_once() -> None:
    brokers: Any = BrokersOfWhichOneDied(heard=["refuses"])
    with pytest.raises(RetryLater, match=TOPIC):
        describe(brokers, TOPIC)
    assert brokers.asked == ["refuses"]
