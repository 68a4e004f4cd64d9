"""The leader dies, the leader moves, the coordinator is cut off, all brokers are away."""

from confluent_kafka import ElectionType, KafkaException, TopicPartition

from devstack.service import Service
from tests.faults.round import Round
from tests.faults.rows.kinds import Way
from tests.faults.seen import require, seen_until
from tests.faults.servers import Need, pause_seconds
from tests.waiting import wait_until

ROW = "Kafka"
OUTAGE_SECONDS = 30.0
OFFSETS_TOPIC = "__consumer_offsets"


def _leader_killed(one: Round) -> None:
    one.consume(count=one.consumers)
    one.load.send(100)
    leader = one.dice.choice(sorted(set(_leaders(one).values())))
    with one.load.traffic():
        _broker(one, leader).kill()
        seen_until(lambda: _leads_nothing(one, leader), "others lead")
        _work_goes_on(one)
        _broker(one, leader).start()


def _leader_moved(one: Round) -> None:
    """An orderly stop hands over; then the preferred leaders are elected again."""
    one.consume(count=one.consumers)
    one.load.send(100)
    before = _leaders(one)
    leader = one.dice.choice(sorted(set(before.values())))
    with one.load.traffic():
        _broker(one, leader).stop()
        seen_until(lambda: _leads_nothing(one, leader), "others lead")
        _work_goes_on(one)
        _broker(one, leader).start()
        seen_until(lambda: _elect_preferred(one) == before, "the leader is back")
        _work_goes_on(one)


def _coordinator_cut_off(one: Round) -> None:
    """SIGSTOP: its connections stay open and nothing answers."""
    one.consume(count=one.consumers)
    one.load.send(100)
    wait_until(lambda: one.lag() == 0, "there is a group", seconds=60)
    coordinator = _coordinator(one)
    require(coordinator is not None, "nobody is the coordinator")
    with one.load.traffic():
        _broker(one, coordinator or 0).pause()
        seen_until(
            lambda: _coordinator(one) not in (None, coordinator), "another took over", seconds=90
        )
        _broker(one, coordinator or 0).resume()
        _work_goes_on(one)


def _all_stopped(one: Round) -> None:
    one.consume(count=one.consumers)
    one.load.send(100)
    wait_until(lambda: one.count_stored() > 0, "something is stored")
    with one.load.traffic():
        for broker in one.servers.brokers:
            broker.kill()
        pause_seconds(OUTAGE_SECONDS)
        require(not _leaders(one), "a broker still answers")
        one.servers.mend()


def _only_one_hanging(one: Round) -> None:
    """SIGSTOP of a cluster of one: its connections stay open and nothing answers."""
    one.consume(count=one.consumers)
    one.load.send(100)
    wait_until(lambda: one.count_stored() > 0, "something is stored")
    [broker] = one.servers.brokers
    with one.load.traffic():
        broker.pause()
        seen_until(lambda: not _leaders(one), "nothing answers")
        broker.resume()
        _work_goes_on(one)


def _broker(one: Round, number: int) -> Service:
    return one.servers.service(f"kafka-{number}")


def _leaders(one: Round) -> dict[int, int]:
    """By partition of the message topic; empty when no broker answers."""
    try:
        partitions = one.admin.list_topics(one.topic, timeout=3).topics[one.topic].partitions
    except KafkaException:
        return {}
    return {number: each.leader for number, each in partitions.items()}


def _leads_nothing(one: Round, broker: int) -> bool:
    leaders = set(_leaders(one).values())
    return bool(leaders) and leaders.isdisjoint({broker, -1})


def _elect_preferred(one: Round) -> dict[int, int]:
    places = [TopicPartition(one.topic, partition) for partition in _leaders(one)]
    try:
        one.admin.elect_leaders(ElectionType.PREFERRED, places).result()
    except KafkaException:  # the broker is not in sync yet
        return {}
    return _leaders(one)


def _coordinator(one: Round) -> int | None:
    """The leader of the group's partition of `__consumer_offsets`; None while there is none.

    Not asked by describe_consumer_groups: librdkafka 2.16 was seen to abort the process when a
    coordinator that stands still lets that request time out.
    """
    try:
        partitions = (
            one.admin.list_topics(OFFSETS_TOPIC, timeout=3).topics[OFFSETS_TOPIC].partitions
        )
    except KafkaException:
        return None
    leader = partitions[_java_hash(one.name) % len(partitions)].leader
    return leader if leader >= 0 else None


def _java_hash(text: str) -> int:
    """`Utils.abs(String.hashCode())` of Kafka's GroupCoordinator: the low 31 bits."""
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & 0xFFFFFFFF
    return value & 0x7FFFFFFF


def _work_goes_on(one: Round) -> None:
    stored = one.count_stored()
    wait_until(lambda: one.count_stored() > stored, "messages are stored", seconds=60)


WAYS = [
    Way(ROW, "the only broker hanging", _only_one_hanging),
    Way(ROW, "leader killed and restarted", _leader_killed, Need.THREE_BROKERS),
    Way(ROW, "leader moved", _leader_moved, Need.THREE_BROKERS),
    Way(ROW, "coordinator cut off", _coordinator_cut_off, Need.THREE_BROKERS),
    Way(ROW, "all stopped for 30 s", _all_stopped, Need.THREE_BROKERS),
]
