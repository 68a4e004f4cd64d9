"""An API worker, or the broker, dies while requests wait."""

import os
import signal

from tests.faults.clients import Api, Senders, serving
from tests.faults.round import Round
from tests.faults.rows.kinds import Way
from tests.faults.seen import require, seen_until
from tests.waiting import wait_until

ROW = "API"
WORKERS = 2
"""As gunicorn starts them on the rounds' settings."""
MAX_KILLS = 5
"""A worker may die at a moment when no request waits for it: then another one is killed."""


def _worker_killed(one: Round) -> None:
    one.consume(count=one.consumers)
    with serving(one) as api:
        senders = Senders(one, [api])
        with senders.sending():
            wait_until(lambda: len(one.answered) > 50, "messages are accepted")
            for _ in range(MAX_KILLS):
                _kill_one(api, one.dice.choice(api.workers))
                _sending_goes_on(one)
                if senders.lost:
                    break
            require(senders.lost, "a request was never answered")


def _kill_one(api: Api, worker: int) -> None:
    os.kill(worker, signal.SIGKILL)
    seen_until(lambda: worker not in api.workers, "the worker died")
    wait_until(lambda: len(api.workers) == WORKERS, "gunicorn has replaced the worker")


def _broker_killed(one: Round) -> None:
    one.consume(count=one.consumers)
    broker = one.servers.service("kafka-1")
    with serving(one) as api:
        senders = Senders(one, [api])
        with senders.sending():
            wait_until(lambda: len(one.answered) > 50, "messages are accepted")
            broker.kill()
            seen_until(lambda: senders.unavailable > 8, "requests are answered 503")
            broker.start()
            _sending_goes_on(one)


def _sending_goes_on(one: Round) -> None:
    answered = len(one.answered)
    wait_until(lambda: len(one.answered) > answered + 50, "messages are accepted", seconds=60)


WAYS = [
    Way(ROW, "kill -9 of a worker", _worker_killed),
    Way(ROW, "kill -9 of the broker", _broker_killed),
]
