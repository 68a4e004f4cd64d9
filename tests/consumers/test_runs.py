import pytest

from consumers.records import TopicPartition
from consumers.runs import BeyondLimit, Runs
from tests.consumers.events import TOPIC, record

PARTITION = TopicPartition(TOPIC, 3)


def batch_of(fates: str, *, first: int = 0) -> tuple[list, set]:
    """One record per letter: `x` is a dead letter, `.` any other record."""
    records = [record(b"", offset=first + i, partition=3) for i in range(len(fates))]
    dead = {(PARTITION, first + i) for i, fate in enumerate(fates) if fate == "x"}
    return records, dead


def test_a_run_up_to_the_limit_passes() -> None:
    Runs(limit=3).check(*batch_of("xxx.xxx"))


def test_the_record_beyond_the_limit_is_named() -> None:
    with pytest.raises(BeyondLimit) as caught:
        Runs(limit=3).check(*batch_of("..xxxx.x"))

    assert caught.value.offsets == {PARTITION: 5}


def test_a_run_goes_on_over_batches_and_ends_with_another_record() -> None:
    runs = Runs(limit=3)
    runs.settle(*batch_of(".xx"))

    with pytest.raises(BeyondLimit):
        runs.check(*batch_of("xx", first=3))
    runs.check(*batch_of("x.xxx", first=3))


def test_a_restart_does_not_reset_a_run() -> None:
    runs = Runs(limit=3)
    runs.start(PARTITION, 3)

    with pytest.raises(BeyondLimit):
        runs.check(*batch_of("x"))
