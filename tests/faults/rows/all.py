"""Every way to fail, in the order of the table."""

from tests.faults.rows import duplicates, kills, redis
from tests.faults.rows.kinds import Way

WAYS: list[Way] = [*kills.WAYS, *redis.WAYS, *duplicates.WAYS]
ROWS = list(dict.fromkeys(way.row for way in WAYS))
