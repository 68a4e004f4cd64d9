"""The school's roster: consumers die, wake up late, and see everything twice and in any order."""

import signal
from datetime import UTC, datetime, timedelta

import confluent_kafka as kafka

from tests.faults import roster_oracle
from tests.faults.crash import Action, Step
from tests.faults.load import PARTITIONS
from tests.faults.member import Member
from tests.faults.round import SMALL_BATCHES, Round
from tests.faults.rows.kinds import Fault, Way
from tests.faults.rows.zombies import ATTEMPT_SECONDS
from tests.faults.seen import require, seen_until
from tests.waiting import wait_until

ROW = "roster"
EVENTS = 120
STEPS = (Step.ROSTER_FACTS, Step.ROSTER_LOOK, Step.ROSTER_GROUPS)


def _killed(step: Step, action: Action) -> Fault:
    def fault(one: Round) -> None:
        one.roster.send(EVENTS)
        one.load.send(50)
        victim = one.consume_until(step, action, count=one.dice.randint(1, 3))
        one.consume(*SMALL_BATCHES, count=one.consumers - 1)
        seen_until(lambda: _sending(one, not victim.is_alive), "the victim died")
        one.consume(*SMALL_BATCHES)
        one.roster.send(EVENTS)
        require(victim.trapped == step, f"it died before {step}")
        require(victim.process.popen.returncode == -signal.SIGKILL, "it ended by itself")
        _tell_what_is_left(one)

    return fault


def _woken_after(step: Step) -> Fault:
    """It wakes up when another one has done all, and more has come since."""

    def fault(one: Round) -> None:
        one.roster.send(EVENTS)
        zombie = one.consume_until(
            step, Action.STOP, count=one.dice.randint(1, 3), attempt_seconds=ATTEMPT_SECONDS
        )
        others = one.consume(*SMALL_BATCHES, count=one.consumers - 1)
        seen_until(lambda: _sending(one, bool(zombie.trapped)), f"it stands still after {step}")
        others += one.consume(*SMALL_BATCHES)
        names = {other.client_id for other in others}
        seen_until(lambda: one.member_names() == names, "it lost its partitions")
        one.roster.send(EVENTS)
        wait_until(lambda: one.lag() == 0, "the new owner has done all", seconds=60)
        zombie.signal(signal.SIGCONT)
        names.add(zombie.client_id)
        wait_until(lambda: one.member_names() == names, "it came back", seconds=60)
        _tell_what_is_left(one)

    return fault


def _twice_and_shuffled(one: Round) -> None:
    members = one.consume(*SMALL_BATCHES, count=one.consumers)
    one.roster.send(EVENTS)
    one.load.send(50)
    one.roster.repeat()
    _wait_for(members, one)
    before = _picture(one)
    one.roster.repeat()
    wait_until(lambda: one.lag() == 0, "all is handled", seconds=60)
    assert _picture(one) == before, "what came again changed something"
    _tell_what_is_left(one)


def _offsets_to_zero(one: Round) -> None:
    members = one.consume(count=one.consumers)
    one.roster.send(EVENTS)
    _wait_for(members, one)
    for member in members:
        assert member.process.stop() == 0
    wait_until(lambda: not one.member_names(), "the group is empty", seconds=60)
    before = _picture(one)
    _rewind(one)
    require(one.lag() >= EVENTS, "the group has the records to read again")
    _wait_for(one.consume(count=one.consumers), one)
    assert _picture(one) == before, "the replay changed something"
    _tell_what_is_left(one)


def _sending(one: Round, is_seen: bool) -> bool:
    """More comes until it is seen, so that whoever has few partitions has enough to do."""
    if not is_seen:
        one.roster.send(5)
    return is_seen


def _wait_for(members: list[Member], one: Round) -> None:
    names = {member.client_id for member in members}
    wait_until(lambda: one.member_names() == names, "all are there", seconds=60)
    wait_until(lambda: one.lag() == 0, "all is handled", seconds=60)


def _picture(one: Round) -> tuple[object, ...]:
    """Whatever the roster writes that anybody sees; versions, too, which grow with each change."""
    versions = one.database["conversations"].find({"type": "StudentGroup"}, {"version": 1})
    tenants = {body["tenantId"] for _, body in one.roster.told}
    return (
        sorted((each["_id"], each["version"]) for each in versions),
        roster_oracle.stored_groups(one.database, tenants),
    )


def _rewind(one: Round) -> None:
    consumer = kafka.Consumer({**one.connection, "group.id": one.name, "enable.auto.commit": False})
    try:
        places = [kafka.TopicPartition(one.roster_topic, p, 0) for p in range(PARTITIONS)]
        consumer.commit(offsets=places, asynchronous=False)
    finally:
        consumer.close()


def _tell_what_is_left(one: Round) -> None:
    """Who died between a change and telling of it leaves that to whoever looks, a minute later: the
    minute passes here at once, so that nothing comes after the recount has begun."""
    if not any(member.is_alive for member in one.members):
        one.consume()
    wait_until(lambda: one.lag() == 0, "all is handled", seconds=60)
    outbox, long_ago = one.database["outbox"], datetime.now(UTC) - timedelta(hours=1)

    def is_told() -> bool:
        outbox.update_many({}, {"$set": {"at": long_ago}})
        return outbox.count_documents({}) == 0

    wait_until(is_told, "all is told", seconds=60)


WAYS = [
    *(Way(ROW, f"kill -9 after {step}", _killed(step, Action.KILL)) for step in STEPS),
    Way(ROW, "kill -9 after half of roster-groups", _killed(Step.ROSTER_GROUPS, Action.HALF)),
    *(Way(ROW, f"zombie after {step}", _woken_after(step)) for step in STEPS),
    Way(ROW, "duplicates, shuffled", _twice_and_shuffled),
    Way(ROW, "offsets to 0", _offsets_to_zero),
]
