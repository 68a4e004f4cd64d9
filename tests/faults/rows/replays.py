"""The whole log once more, with everything already stored."""

import signal

import confluent_kafka as kafka

from tests.faults import oracle
from tests.faults.load import PARTITIONS
from tests.faults.member import Member
from tests.faults.round import Round
from tests.faults.rows.kinds import Way
from tests.faults.seen import require, seen_until
from tests.waiting import wait_until

ROW = "full replay"


def offsets_to_zero(one: Round) -> None:
    """Everything is handled, and then all of it once more."""
    _stop(one.consume(count=one.consumers), one, load=300)
    before = oracle.fingerprint(one.database)
    _rewind(one)
    records = one.lag()
    require(records >= 300, f"the group has {records} records to read again")
    _stop(one.consume(count=one.consumers), one, load=0)
    assert oracle.fingerprint(one.database) == before, "the replay changed something"


def _killed_in_the_replay(one: Round) -> None:
    """Offsets to 0, and the consumers die on the way, twice."""
    _stop(one.consume(count=one.consumers), one, load=300)
    before = oracle.fingerprint(one.database)
    for _ in range(2):
        _rewind(one)
        _begin_and_die(one, records=one.lag())
    _stop(one.consume(count=one.consumers), one, load=0)
    assert oracle.fingerprint(one.database) == before, "the replays changed something"


def _begin_and_die(one: Round, *, records: int) -> None:
    members = one.consume("--max-batch-size", "5", count=one.consumers)
    wait_until(lambda: one.lag() < records, "it is on its way", seconds=60)
    for member in members:
        member.signal(signal.SIGKILL)
        member.process.wait()
    require(0 < one.lag() < records, "they died before the replay began, or after its end")
    seen_until(lambda: not one.member_names(), "Kafka misses the dead")


def _stop(members: list[Member], one: Round, *, load: int) -> None:
    one.load.send(load)
    names = {member.client_id for member in members}
    wait_until(lambda: one.member_names() == names, "all are there", seconds=60)
    wait_until(lambda: one.lag() == 0, "all is handled", seconds=60)
    for member in members:
        assert member.process.stop() == 0
    wait_until(lambda: not one.member_names(), "the group is empty", seconds=60)


def _rewind(one: Round) -> None:
    """Commits 0 for an empty group, as Kafka's own tool would."""
    consumer = kafka.Consumer({**one.connection, "group.id": one.name, "enable.auto.commit": False})
    try:
        places = [kafka.TopicPartition(one.topic, p, 0) for p in range(PARTITIONS)]
        consumer.commit(offsets=places, asynchronous=False)
    finally:
        consumer.close()


WAYS = [
    Way(ROW, "offsets to 0", offsets_to_zero),
    Way(ROW, "offsets to 0, killed on the way", _killed_in_the_replay),
]
