"""The duty of every consumer to publish what is left over in the outbox."""

from collections.abc import Iterator

import pytest
from pymongo.errors import AutoReconnect

from consumers import left_over, metrics
from consumers.left_over import LeftOverDuty
from tests.waiting import wait_until


@pytest.fixture
def duty(monkeypatch: pytest.MonkeyPatch) -> Iterator[LeftOverDuty]:
    monkeypatch.setattr(left_over, "PERIOD_SECONDS", 0.01)
    made = LeftOverDuty()
    yield made
    made.stop()
    made._thread.join(10)


def test_it_goes_on_after_a_step_that_failed_and_tells_what_is_left(
    duty: LeftOverDuty, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    steps = iter([AutoReconnect("away"), RuntimeError("odd"), (5, 2), (4, 0)])

    def publish() -> tuple[int, int]:
        step = next(steps, (3, 0))
        if isinstance(step, Exception):
            raise step
        return step

    monkeypatch.setattr(left_over, "publish_left_over", publish)

    duty.start()

    wait_until(lambda: metrics.outbox_left_over._value.get() == 3, "the step after them")
    assert "cannot be read: away" in caplog.text
    assert "was not published" in caplog.text
    assert "Published 2 of 5 left-over changes" in caplog.text
    assert "Published 0" not in caplog.text
