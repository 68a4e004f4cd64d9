"""`messages_sent_total` of the API: each text by its outcome."""

from chat_project.metrics import messages_sent_total
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import BATCH, TEXT, UseProducer, text_for


def counted() -> dict[str, float]:
    statuses = ("accepted", "refused", "unavailable")
    return {status: messages_sent_total.labels(status)._value.get() for status in statuses}


def growth(before: dict[str, float]) -> dict[str, float]:
    return {status: value - before[status] for status, value in counted().items()}


def test_every_text_counts_once_under_its_outcome(mai: Api, group: ConversationSettings) -> None:
    before = counted()

    mai.post(TEXT, text_for(group))
    mai.post(TEXT, text_for(group, ""))
    mai.post(BATCH, [text_for(group), text_for(group, ""), text_for(group)])

    assert growth(before) == {"accepted": 3, "refused": 2, "unavailable": 0}


def test_what_kafka_did_not_acknowledge_counts_as_unavailable(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    use_producer()
    before = counted()

    mai.post(BATCH, [text_for(group), text_for(group)])

    assert growth(before) == {"accepted": 0, "refused": 0, "unavailable": 2}
