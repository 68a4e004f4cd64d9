"""Redis gone, hanging, flushed, restarted empty."""

from collections.abc import Callable

from devstack.service import Service
from tests.faults.round import SMALL_BATCHES, Round, require
from tests.faults.rows.kinds import Fault, Way
from tests.waiting import wait_until

ROW = "Redis"
NOT_TOLD = "neither cached nor broadcast"


def _away(leave: Callable[[Service], None], come_back: Callable[[Service], None]) -> Fault:
    def fault(one: Round) -> None:
        redis = one.servers.service("redis")
        members = one.consume(*SMALL_BATCHES, count=one.consumers)
        one.load.send(100)
        wait_until(lambda: one.count_stored() > 0, "something is stored")
        leave(redis)
        with one.load.traffic():
            stored = one.count_stored()
            wait_until(
                lambda: any(NOT_TOLD in member.process.output() for member in members),
                "a consumer says that Redis is away",
            )
            wait_until(lambda: one.count_stored() > stored + 50, "messages are stored without it")
        come_back(redis)
        one.load.send(50)

    return fault


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
    with one.load.traffic():
        empty()
        stored = one.count_stored()
        wait_until(lambda: one.count_stored() > stored, "messages are stored")
    require(one.redis.get(one.name) is None, "Redis still holds what it held")


WAYS = [
    Way(ROW, "gone", _away(Service.kill, Service.start)),
    Way(ROW, "hanging", _away(Service.pause, Service.resume)),
    Way(ROW, "flushed", _flushed),
    Way(ROW, "restarted empty", _restarted_empty),
]
