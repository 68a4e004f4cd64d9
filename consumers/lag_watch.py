"""How a consumer group's lag changes between two looks: rates, and the time that is left."""

from collections.abc import Sequence

import msgspec

from consumers.lag import PartitionLag


class WatchedLag(msgspec.Struct, frozen=True, rename="camel"):
    """A partition's lag, or a sum; rates are None at the first look.

    `seconds_left` at these rates is None too when the lag does not shrink.
    """

    topic: str
    partition: int
    committed: int | None
    end: int
    lag: int
    handled_per_second: float | None = None
    produced_per_second: float | None = None
    seconds_left: float | None = None


def watched(
    before: Sequence[PartitionLag], now: Sequence[PartitionLag], *, seconds: float
) -> list[WatchedLag]:
    """`now` with its rates since `before`, `seconds` ago; a new partition has no rates yet."""
    earlier = {(each.topic, each.partition): each for each in before}
    return [_watched(earlier.get((each.topic, each.partition)), each, seconds) for each in now]


def total(rows: Sequence[WatchedLag]) -> WatchedLag:
    """All partitions together; a partition without rates counts as standing still."""
    lag = sum(row.lag for row in rows)
    handled, produced = (
        sum(rates) if (rates := [rate for rate in column if rate is not None]) else None
        for column in (
            [row.handled_per_second for row in rows],
            [row.produced_per_second for row in rows],
        )
    )
    left = _seconds_left(lag, handled, produced)
    return WatchedLag(
        "total", len(rows), None, sum(row.end for row in rows), lag, handled, produced, left
    )


def _watched(before: PartitionLag | None, now: PartitionLag, seconds: float) -> WatchedLag:
    row = (now.topic, now.partition, now.committed, now.end, now.lag)
    if before is None or seconds <= 0:
        return WatchedLag(*row)
    # Without a commit the group stands at the oldest record: `end - lag`.
    handled = max(0, (now.end - now.lag) - (before.end - before.lag)) / seconds
    produced = max(0, now.end - before.end) / seconds
    return WatchedLag(*row, handled, produced, _seconds_left(now.lag, handled, produced))


def _seconds_left(lag: int, handled: float | None, produced: float | None) -> float | None:
    if lag == 0:
        return 0.0
    if handled is None or produced is None or handled <= produced:
        return None
    return round(lag / (handled - produced), 1)
