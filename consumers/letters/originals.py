"""The records of dead letters, as the dead-letter topic keeps them."""

from collections.abc import Sequence

from consumers.dead_letters import CONNECT
from consumers.letters.selection import Letter
from consumers.log_reader import LogReader, Span
from consumers.records import Record

Coordinates = tuple[str | None, str | None, str | None]


class Originals:
    """Reads them by the place that a letter notes, else by their headers."""

    def __init__(self, reader: LogReader, topic: str) -> None:
        self._reader = reader
        self._topic = topic

    def read(self, letters: Sequence[Letter]) -> dict[str, Record]:
        """By letter; absent where the topic has it no more. Holds all of them in memory.

        Raises RetryLater. A letter that notes no place (of an older release, or one whose process
        died at that moment) costs a scan of the topic from the letter's time on.
        """
        placed = [letter for letter in letters if letter.kept is not None]
        found = self._by_place(placed) if placed else {}
        for letter in letters:
            if letter.kept is None and (record := self._by_headers(letter)) is not None:
                found[letter.id] = record
        return found

    def _by_place(self, letters: Sequence[Letter]) -> dict[str, Record]:
        wanted = {(each.kept.p, each.kept.o): each for each in letters if each.kept}
        spans = {}
        for partition, bounds in self._reader.bounds(self._topic).items():
            offsets = [o for p, o in wanted if p == partition and bounds.start <= o < bounds.end]
            if offsets:
                spans[partition] = Span(min(offsets), max(offsets) + 1)
        found = {}
        for records in self._reader.read(self._topic, spans):
            for record in records:
                letter = wanted.get((record.partition, record.offset))
                if letter is not None and original_coordinates(record) == _coordinates(letter):
                    found[letter.id] = record
        return found

    def _by_headers(self, letter: Letter) -> Record | None:
        starts = self._reader.offsets_at(self._topic, letter.at)
        ends = self._reader.bounds(self._topic)
        spans = {p: Span(max(start, ends[p].start), ends[p].end) for p, start in starts.items()}
        for records in self._reader.read(self._topic, spans):
            for record in records:
                if original_coordinates(record) == _coordinates(letter):
                    return record
        return None


def original_coordinates(record: Record) -> Coordinates:
    """Topic, partition and offset of the record that this one is a copy of."""
    return (
        record.header(f"{CONNECT}topic"),
        record.header(f"{CONNECT}partition"),
        record.header(f"{CONNECT}offset"),
    )


def _coordinates(letter: Letter) -> Coordinates:
    return letter.topic, str(letter.partition), str(letter.offset)
