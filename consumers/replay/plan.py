"""From which offsets a replay goes: pure rules, and the reading of `--from`."""

from argparse import ArgumentTypeError
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from consumers.log_reader import LogReader, Span

BEGINNING = 0

StartingPoint = int | datetime
"""An offset, the same in every partition, or a time by the broker's clock."""


class Move(msgspec.Struct, frozen=True, rename="camel"):
    """What a replay means for one partition; offsets are of the next record.

    `committed` None: the group begins at the first record anyway. `expired`: so many of the wanted
    offsets lie before the first record.
    """

    partition: int
    committed: int | None
    new: int | None
    records: int
    expired: int

    @property
    def is_back(self) -> bool:
        return self.new != self.committed


def starting_point(text: str) -> StartingPoint:
    """Of `beginning`, an offset, or an ISO-8601 time (UTC without an offset of its own)."""
    if text == "beginning":
        return BEGINNING
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r}: beginning, an offset, or a time like 2025-11-07T10:00:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def wanted_offsets(reader: LogReader, topic: str, start: StartingPoint) -> dict[int, int]:
    """By partition, as asked for and so perhaps expired. Raises RetryLater."""
    if isinstance(start, datetime):
        return reader.offsets_at(topic, start)
    return dict.fromkeys(reader.bounds(topic), start)


def planned(
    wanted: Mapping[int, int],
    committed: Mapping[int, int | None],
    bounds: Mapping[int, Span],
) -> list[Move]:
    """One move per wanted partition: never forward, never to before the first record."""
    return [
        _move(partition, wanted[partition], committed.get(partition), bounds[partition])
        for partition in sorted(wanted)
    ]


def _move(partition: int, wanted: int, committed: int | None, log: Span) -> Move:
    expired = max(0, log.start - wanted) if wanted != BEGINNING else 0
    if committed is None:
        return Move(partition, None, None, 0, expired)
    new = min(committed, max(wanted, log.start))
    records = max(0, min(committed, log.end) - new) if new >= log.start else 0
    return Move(partition, committed, new, records, expired)
