"""librdkafka's settings follow from ours."""

import pytest

from chat_project.settings.environment import environment
from consumers.client import consumer_settings


@pytest.mark.parametrize(
    ("session_ms", "heartbeat_ms"), [(1_000, 333), (3_000, 1_000), (15_000, 3_000)]
)
def test_three_heartbeats_fit_into_a_session(session_ms: int, heartbeat_ms: int) -> None:
    ours = environment().model_copy(update={"kafka_session_timeout_ms": session_ms})

    settings = consumer_settings(ours, group_id="any")

    assert settings["heartbeat.interval.ms"] == heartbeat_ms


def test_the_new_protocol_gets_neither_of_the_two() -> None:
    ours = environment().model_copy(update={"kafka_group_protocol": "consumer"})

    assert not consumer_settings(ours, group_id="any").keys() & {
        "heartbeat.interval.ms",
        "session.timeout.ms",
    }
