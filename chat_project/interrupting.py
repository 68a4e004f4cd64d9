"""Being told to end, as an exception: for commands that must put something in order first."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def signals_as_interrupt() -> Iterator[None]:
    """A supervisor that stops us, and a terminal that closes, raise KeyboardInterrupt as Ctrl-C does;
    what is ignored, as under nohup, stays so. In the main thread alone."""
    ending = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    earlier = {number: signal.signal(number, signal.default_int_handler) for number in ending}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
