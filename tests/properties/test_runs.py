"""The limit of consecutive dead letters, whatever the batches are."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from consumers.records import Record, TopicPartition
from consumers.runs import BeyondLimit, Coordinates, Runs
from tests.consumers.events import TOPIC, record

FATES = st.lists(st.tuples(st.integers(0, 1), st.booleans()), max_size=25)


def log_of(fates: Sequence[tuple[int, bool]]) -> tuple[list[Record], set[Coordinates]]:
    """Records of two partitions, and which of them are dead letters."""
    records, dead = [], set()
    lengths = [0, 0]
    for partition, is_dead in fates:
        records.append(record(b"", offset=lengths[partition], partition=partition))
        if is_dead:
            dead.add((TopicPartition(TOPIC, partition), lengths[partition]))
        lengths[partition] += 1
    return records, dead


def first_beyond(
    records: Sequence[Record], dead: set[Coordinates], limit: int
) -> dict[TopicPartition, int]:
    """By looking at every window of limit + 1 offsets."""
    beyond: dict[TopicPartition, int] = {}
    for each in records:
        window = [(each.topic_partition, each.offset - back) for back in range(limit + 1)]
        if dead.issuperset(window):
            beyond.setdefault(each.topic_partition, each.offset)
    return beyond


@given(FATES, st.integers(1, 4), st.lists(st.integers(1, 5), max_size=25))
def test_a_consumer_stops_at_the_same_record_however_the_log_is_cut(
    fates: Sequence[tuple[int, bool]], limit: int, lengths: Sequence[int]
) -> None:
    records, dead = log_of(fates)
    runs = Runs(limit)
    stopped: dict[TopicPartition, int] = {}
    rest = list(records)
    for length in [*lengths, len(records) or 1]:
        batch, rest = rest[:length], rest[length:]
        try:
            runs.check(batch, dead)
        except BeyondLimit as beyond:
            stopped = dict(beyond.offsets)
            break
        runs.settle(batch, dead)

    beyond = first_beyond(records, dead, limit)
    assert bool(stopped) == bool(beyond)
    assert stopped.items() <= beyond.items()


@given(FATES, st.integers(1, 4))
def test_looking_twice_changes_nothing(fates: Sequence[tuple[int, bool]], limit: int) -> None:
    records, dead = log_of(fates)
    runs = Runs(limit)

    assert _outcome(runs, records, dead) == _outcome(runs, records, dead)


@given(FATES, st.integers(1, 4))
def test_what_is_buried_already_never_stops_a_replay(
    fates: Sequence[tuple[int, bool]], limit: int
) -> None:
    records, dead = log_of(fates)

    Runs(limit).check(records, dead, buried=dead)


def _outcome(
    runs: Runs, records: Sequence[Record], dead: set[Coordinates]
) -> dict[TopicPartition, int]:
    try:
        runs.check(records, dead)
    except BeyondLimit as beyond:
        return dict(beyond.offsets)
    return {}
