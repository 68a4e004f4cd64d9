import logging

import pytest

from chat_project.kafka_logs import RepeatsCounted


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def lines(clock: list[float], caplog: pytest.LogCaptureFixture) -> logging.Logger:
    """A logger whose time is `clock[0]`; caplog shows what comes through."""
    logger = logging.getLogger("tests.repeats")
    logger.filters[:] = [RepeatsCounted(lambda: clock[0])]
    return logger


def test_a_line_that_repeats_is_told_once_and_then_counted(
    lines: logging.Logger, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    for milliseconds in (7, 12, 3):
        lines.error("connect to %s failed after %dms", "broker", milliseconds)
    clock[0] = 11.0
    lines.error("connect to %s failed after %dms", "broker", 5)

    assert caplog.messages == [
        "connect to broker failed after 7ms",
        "connect to broker failed after 5ms (and 2 times before)",
    ]


def test_another_line_is_told_at_once(
    lines: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    lines.error("connect failed")
    lines.error("authentication failed")

    assert caplog.messages == ["connect failed", "authentication failed"]
