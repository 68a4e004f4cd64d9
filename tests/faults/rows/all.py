"""Every way to fail, in the order of the table in docs/reliability.md."""

from tests.faults.rows import (
    api,
    changes,
    clocks,
    duplicates,
    kafka,
    kills,
    mongodb,
    poison,
    rebalances,
    redis,
    replays,
    roster,
    zombies,
)
from tests.faults.rows.kinds import Way

WAYS: list[Way] = [
    *kills.WAYS,
    *zombies.WAYS,
    *rebalances.WAYS,
    *kafka.WAYS,
    *mongodb.WAYS,
    *redis.WAYS,
    *poison.WAYS,
    *duplicates.WAYS,
    *replays.WAYS,
    *changes.WAYS,
    *api.WAYS,
    *clocks.WAYS,
    *roster.WAYS,
]
ROWS = list(dict.fromkeys(way.row for way in WAYS))
