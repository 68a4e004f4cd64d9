"""A partition's offsets while its leader is being chosen."""

from datetime import UTC, datetime
from unittest.mock import create_autospec

import confluent_kafka as kafka
import pytest

from consumers import offsets
from consumers.errors import RetryLater
from consumers.log_reader import LogReader, Span
from consumers.offsets import watermarks
from consumers.records import TopicPartition

PLACE = TopicPartition("new", 3)


def consumer_that_answers(*answers: tuple[int, int] | kafka.KafkaException) -> kafka.Consumer:
    consumer: kafka.Consumer = create_autospec(kafka.Consumer, instance=True)
    consumer.get_watermark_offsets.side_effect = answers  # type: ignore[attr-defined]
    return consumer


def refusal(code: int) -> kafka.KafkaException:
    return kafka.KafkaException(kafka.KafkaError(code))


@pytest.mark.parametrize("code", offsets.WITHOUT_LEADER)
def test_a_partition_without_a_leader_is_asked_again(code: int) -> None:
    consumer = consumer_that_answers(refusal(code), refusal(code), (2, 7))

    assert watermarks(consumer, PLACE) == (2, 7)


def test_one_that_gets_no_leader_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offsets, "ANSWER_SECONDS", 0.0)
    code = kafka.KafkaError.LEADER_NOT_AVAILABLE
    consumer = consumer_that_answers(*[refusal(code)] * 100)

    with pytest.raises(kafka.KafkaException) as raised:
        watermarks(consumer, PLACE)

    assert raised.value.args[0].code() == code


def test_another_refusal_is_told_at_once() -> None:
    consumer = consumer_that_answers(refusal(kafka.KafkaError._TIMED_OUT), (2, 7))

    with pytest.raises(kafka.KafkaException):
        watermarks(consumer, PLACE)


def test_an_offset_that_is_not_told_is_not_taken_for_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = LogReader({"bootstrap.servers": "nowhere.invalid:9092"})
    silent = kafka.TopicPartition(PLACE.topic, PLACE.partition, kafka.OFFSET_INVALID)
    consumer = create_autospec(kafka.Consumer, instance=True)
    consumer.offsets_for_times.return_value = [
        create_autospec(silent, instance=True, error=refusal(5).args[0])
    ]
    reader.close()
    monkeypatch.setattr(reader, "_consumer", consumer)
    monkeypatch.setattr(reader, "bounds", lambda topic: {PLACE.partition: Span(0, 9)})

    with pytest.raises(RetryLater, match="does not tell the offset"):
        reader.offsets_at(PLACE.topic, datetime.now(UTC))
