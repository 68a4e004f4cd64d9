"""Redis gone, hanging, flushed, restarted empty."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from prometheus_client.parser import text_string_to_metric_families

from devstack.service import Service
from tests.faults.clients import Api, Senders, serving
from tests.faults.round import SMALL_BATCHES, Round
from tests.faults.rows.kinds import Fault, Way
from tests.faults.seen import require, seen_until
from tests.waiting import wait_until

ROW = "Redis"
NOT_TOLD = "neither cached nor broadcast"


def _away(leave: Callable[[Service], None], come_back: Callable[[Service], None]) -> Fault:
    def fault(one: Round) -> None:
        redis = one.servers.service("redis")
        members = one.consume(*SMALL_BATCHES, count=one.consumers)
        one.load.send(100)
        wait_until(lambda: one.count_stored() > 0, "something is stored")
        with _people_sending(one) as api:
            opened = _breaker_openings(api)
            leave(redis)
            with one.load.traffic():
                stored, answered = one.count_stored(), len(one.answered)
                seen_until(
                    lambda: any(NOT_TOLD in member.process.output() for member in members),
                    "a consumer says that Redis is away",
                )
                wait_until(lambda: one.count_stored() > stored + 50, "messages are stored")
                wait_until(lambda: len(one.answered) > answered + 20, "messages are accepted")
            require(_breaker_openings(api) > opened, "the API's breaker opened")
            come_back(redis)
        one.load.send(50)

    return fault


@contextmanager
def _people_sending(one: Round) -> Iterator[Api]:
    """Beside the load: they send through the API, which asks Redis for permission first."""
    with serving(one) as api, Senders(one, [api]).sending():
        wait_until(lambda: len(one.answered) > 20, "messages are accepted")
        yield api


def _breaker_openings(api: Api) -> float:
    """Of both workers; a process counts what its own breaker saw."""
    page = httpx.get(f"{api.url}/metrics", timeout=10).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == "breaker_open_total"
    )


def _flushed(one: Round) -> None:
    _emptied(one, lambda: one.redis.flushall())


def _restarted_empty(one: Round) -> None:
    def restart() -> None:
        redis = one.servers.service("redis")
        redis.kill()
        redis.start()

    _emptied(one, restart)


def _emptied(one: Round, empty: Callable[[], object]) -> None:
    one.consume(*SMALL_BATCHES, count=one.consumers)
    one.load.send(100)
    wait_until(lambda: one.count_stored() > 0, "something is stored")
    one.redis.set(one.name, "there")
    with _people_sending(one), one.load.traffic():
        empty()
        stored, answered = one.count_stored(), len(one.answered)
        wait_until(lambda: one.count_stored() > stored, "messages are stored")
        wait_until(lambda: len(one.answered) > answered + 20, "messages are accepted")
    require(one.redis.get(one.name) is None, "Redis still holds what it held")


WAYS = [
    Way(ROW, "gone", _away(Service.kill, Service.start)),
    Way(ROW, "hanging", _away(Service.pause, Service.resume)),
    Way(ROW, "flushed", _flushed),
    Way(ROW, "restarted empty", _restarted_empty),
]
