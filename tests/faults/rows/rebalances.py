"""Members join and leave all the time; one works longer than max.poll.interval."""

import signal

from tests.faults.crash import Action, Step
from tests.faults.round import SMALL_BATCHES, Member, Round, require
from tests.faults.rows.kinds import Fault, Way
from tests.waiting import wait_until

ROW = "rebalance storm"
CHANGES = 5
MAX_POLL_INTERVAL_MS = 4_000
SLEEP_SECONDS = 10.0


def _members_come_and_go(one: Round) -> None:
    members = one.consume(*SMALL_BATCHES, count=one.consumers)
    with one.load.traffic():
        for _ in range(CHANGES):
            [newcomer] = one.consume(*SMALL_BATCHES)
            _wait_until_joined(one, newcomer)
            leaver = members.pop(one.dice.randrange(len(members)))
            leaver.signal(one.dice.choice([signal.SIGTERM, signal.SIGKILL]))
            _wait_until_left(one, leaver)
            wait_until(lambda gone=leaver: not gone.is_alive, "its process ended")  # type: ignore[misc]
            members.append(newcomer)


def _wait_until_joined(one: Round, member: Member) -> None:
    wait_until(lambda: member.client_id in one.member_names(), "it joined", seconds=60)


def _wait_until_left(one: Round, member: Member) -> None:
    wait_until(lambda: _has_left(one, member.client_id), "it left", seconds=60)


def _has_left(one: Round, client_id: str) -> bool:
    names = one.member_names()
    return bool(names) and client_id not in names


def _too_slow_in(step: Step) -> Fault:
    def fault(one: Round) -> None:
        one.load.send(200)
        slow = one.consume_until(
            step, Action.SLEEP, seconds=SLEEP_SECONDS, max_poll_interval_ms=MAX_POLL_INTERVAL_MS
        )
        one.consume(*SMALL_BATCHES, count=max(1, one.consumers - 1))
        with one.load.traffic():
            wait_until(lambda: slow.trapped, f"it sleeps after {step}", seconds=60)
            _wait_until_left(one, slow)
            _wait_until_joined(one, slow)
        require("maximum poll interval" in slow.process.output().lower(), "its log says nothing")

    return fault


WAYS = [
    Way(ROW, "members come and go", _members_come_and_go),
    Way(ROW, "max.poll.interval exceeded after insert", _too_slow_in(Step.INSERT)),
    Way(ROW, "max.poll.interval exceeded after update-heads", _too_slow_in(Step.UPDATE_HEADS)),
]
