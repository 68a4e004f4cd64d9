"""An API worker, or the broker, dies while requests wait."""

import os
import signal

from tests.faults.clients import Senders, serving
from tests.faults.round import Round
from tests.faults.rows.kinds import Way
from tests.waiting import wait_until

ROW = "API"


def _worker_killed(one: Round) -> None:
    one.consume(count=one.consumers)
    with serving(one) as api:
        senders = Senders(one, [api])
        with senders.sending():
            wait_until(lambda: len(one.answered) > 50, "messages are accepted")
            os.kill(one.dice.choice(api.workers), signal.SIGKILL)
            wait_until(lambda: senders.lost > 0, "a request was never answered")
            wait_until(lambda: len(api.workers) == 2, "gunicorn has replaced the worker")
            _sending_goes_on(one)


def _broker_killed(one: Round) -> None:
    one.consume(count=one.consumers)
    broker = one.servers.service("kafka-1")
    with serving(one) as api:
        senders = Senders(one, [api])
        with senders.sending():
            wait_until(lambda: len(one.answered) > 50, "messages are accepted")
            broker.kill()
            wait_until(lambda: senders.unavailable > 8, "requests are answered 503")
            broker.start()
            _sending_goes_on(one)


def _sending_goes_on(one: Round) -> None:
    answered = len(one.answered)
    wait_until(lambda: len(one.answered) > answered + 50, "messages are accepted", seconds=60)


WAYS = [
    Way(ROW, "kill -9 of a worker", _worker_killed),
    Way(ROW, "kill -9 of the broker", _broker_killed),
]
