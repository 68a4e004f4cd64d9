"""Members join and leave all the time; one works longer than max.poll.interval."""

import signal

from tests.faults.crash import Action, Step
from tests.faults.member import Member
from tests.faults.round import SMALL_BATCHES, Round
from tests.faults.rows.kinds import Fault, Way
from tests.faults.seen import require, seen_until
from tests.waiting import wait_until

ROW = "rebalance storm"
CHANGES = 5
MAX_POLL_INTERVAL_MS = 4_000
SLEEP_SECONDS = 10.0


def _members_come_and_go(changes: int) -> Fault:
    def fault(one: Round) -> None:
        members = one.consume(*SMALL_BATCHES, count=one.consumers)
        with one.load.traffic():
            for _ in range(changes):
                [newcomer] = one.consume(*SMALL_BATCHES)
                _wait_until_joined(one, newcomer)
                leaver = members.pop(one.dice.randrange(len(members)))
                leaver.signal(one.dice.choice([signal.SIGTERM, signal.SIGKILL]))
                _wait_until_left(one, leaver)
                leaver.process.wait()
                members.append(newcomer)

    return fault


def _wait_until_joined(one: Round, member: Member) -> None:
    seen_until(lambda: _has_joined(one, member), "it joined")


def _wait_until_left(one: Round, member: Member) -> None:
    seen_until(lambda: _has_left(one, member.client_id), "it left")


def _has_joined(one: Round, member: Member) -> bool:
    return member.client_id in one.member_names()


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
            seen_until(lambda: slow.trapped, f"it sleeps after {step}")
            _wait_until_left(one, slow)
            wait_until(lambda: _has_joined(one, slow), "it joins again", seconds=60)
        require("maximum poll interval" in slow.process.output().lower(), "its log says nothing")

    return fault


WAYS = [
    Way(ROW, "members come and go", _members_come_and_go(CHANGES)),
    Way(ROW, "a member is replaced", _members_come_and_go(1)),
    Way(ROW, "max.poll.interval exceeded after insert", _too_slow_in(Step.INSERT)),
    Way(ROW, "max.poll.interval exceeded after update-heads", _too_slow_in(Step.UPDATE_HEADS)),
]
