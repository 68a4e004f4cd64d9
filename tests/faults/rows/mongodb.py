"""MongoDB dies, hangs, changes its primary, loses replies, refuses writes."""

from collections.abc import Mapping
from typing import Any

from pymongo.database import Database
from pymongo.errors import ExecutionTimeout

from devstack.service import Service
from tests.faults.member import Member
from tests.faults.proxy import CuttingProxy
from tests.faults.round import SMALL_BATCHES, Round
from tests.faults.rows.kinds import Fault, Way
from tests.faults.seen import NotSeen, require, seen_until
from tests.faults.servers import Need, pause_seconds
from tests.waiting import wait_until

ROW = "MongoDB"
HANG_SECONDS = 60.0
FAIL_POINT_MS = 25_000
"""Less than the client waits for an answer."""
WRITES = ["insert", "update"]


def _killed(one: Round) -> None:
    mongodb = one.servers.service("mongodb")
    members = _working(one)
    with one.load.traffic():
        mongodb.kill()
        _wait_for_retries(members)
        mongodb.start()
        _work_goes_on(one)


def _hanging(one: Round) -> None:
    mongodb = one.servers.service("mongodb")
    members = _working(one)
    one.load.send(100)
    mongodb.pause()
    one.load.send(100)
    pause_seconds(HANG_SECONDS)
    require(any("Paused" in each.process.output() for each in members), "no consumer paused")
    mongodb.resume()
    _work_goes_on(one, at_least=50)


def _stepped_down(one: Round) -> None:
    _working(one)
    before = _primary(one)
    with one.load.traffic():
        one.servers.mongodb.admin.command("replSetStepDown", 10, force=True)
        seen_until(lambda: _primary(one) not in (None, before), "another is primary")
        _work_goes_on(one)


def _primary_killed(one: Round) -> None:
    _working(one)
    before = _primary(one)
    primary = _member_at(one, before)
    with one.load.traffic():
        primary.kill()
        seen_until(lambda: _primary(one) not in (None, before), "another is primary")
        _work_goes_on(one)
        primary.start()


def _replies_cut(one: Round) -> None:
    proxy = CuttingProxy(one.servers.service("mongodb").port)
    uri = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true&w=majority&journal=true"
    try:
        members = one.consume(*SMALL_BATCHES, count=one.consumers, MONGODB_URI=uri)
        one.load.send(100)
        wait_until(lambda: one.count_stored() > 0, "something is stored", seconds=60)
        with one.load.traffic():
            proxy.to_cut = 5
            seen_until(lambda: proxy.cut >= 5, "five replies were cut")
            _work_goes_on(one)
        wait_until(lambda: one.lag() == 0, "all is handled", seconds=60)
    finally:
        for member in members:
            member.process.stop()
        proxy.close()


def _failing(times: int, commands: list[str], failure: Mapping[str, Any]) -> Fault:
    """The server's own fail point, for the product's connections alone."""

    def fault(one: Round) -> None:
        _working(one)
        admin = one.servers.mongodb.admin
        point = {"failCommands": commands, "appName": "emis-chat", **failure}
        with one.load.traffic():
            entered = admin.command(
                "configureFailPoint", "failCommand", mode={"times": times}, data=point
            )["count"]
            _wait_for_fail_point(admin, entered + times)
            _work_goes_on(one)

    return fault


def _working(one: Round) -> list[Member]:
    """Consumers that have stored something."""
    members = one.consume(*SMALL_BATCHES, count=one.consumers)
    one.load.send(100)
    wait_until(lambda: one.count_stored() > 0, "something is stored", seconds=60)
    return members


def _wait_for_retries(members: list[Member]) -> None:
    seen_until(
        lambda: any("Trying again" in each.process.output() for each in members),
        "a consumer waits for MongoDB",
    )


def _wait_for_fail_point(admin: Database[dict[str, Any]], entered: int) -> None:
    try:
        admin.command(
            "waitForFailPoint", "failCommand", timesEntered=entered, maxTimeMS=FAIL_POINT_MS
        )
    except ExecutionTimeout as error:
        raise NotSeen("the commands that were to fail did not come") from error


def _work_goes_on(one: Round, *, at_least: int = 1) -> None:
    stored = one.count_stored()
    wait_until(lambda: one.count_stored() >= stored + at_least, "it goes on", seconds=60)


def _primary(one: Round) -> tuple[str, int] | None:
    return one.servers.mongodb.primary


def _member_at(one: Round, address: tuple[str, int] | None) -> Service:
    services = [one.servers.service(f"mongodb-{number}") for number in (1, 2, 3)]
    found = [each for each in services if address is not None and each.port == address[1]]
    require(found, "there is no primary")
    return found[0]


WAYS = [
    Way(ROW, "kill -9 and restart", _killed),
    Way(ROW, "replies cut after the write", _replies_cut),
    Way(ROW, "connections closed", _failing(4, WRITES, {"closeConnection": True})),
    Way(
        ROW,
        "write concern errors",
        _failing(4, WRITES, {"writeConcernError": {"code": 64, "errmsg": "by the fault suite"}}),
    ),
    Way(ROW, "disk full", _failing(4, WRITES, {"errorCode": 14_031})),
    Way(ROW, "hangs for 60 s", _hanging),
    Way(ROW, "stepdown", _stepped_down, Need.THREE_MEMBERS),
    Way(ROW, "primary killed", _primary_killed, Need.THREE_MEMBERS),
]
