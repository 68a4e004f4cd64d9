"""Being told to end, as an exception."""

import signal
from collections.abc import Iterator

import pytest

from chat_project.interrupting import signals_as_interrupt

ENDING = (signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Those of the test run, afterwards."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_interrupts_and_the_handler_comes_back(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), signals_as_interrupt():
        signal.raise_signal(number)

    assert signal.getsignal(number) is signal.SIG_DFL


def test_what_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with signals_as_interrupt():
        signal.raise_signal(signal.SIGHUP)

    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
