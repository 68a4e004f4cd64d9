"""What an import did: counted for the end, and each remark as a line of a file."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from threading import Lock
from typing import IO

import msgspec

from consumers.history.files import FileCounts
from consumers.history.notes import Kind, Note, Notes


class Fate(StrEnum):
    """What became of a conversation."""

    BROUGHT = "brought"
    THERE = "there"
    """Brought by an earlier import; left alone."""
    REFUSED = "refused"
    UNREADABLE = "unreadable"


class Done(msgspec.Struct):
    """One conversation. `skipped`: messages that are not brought."""

    fate: Fate
    messages: int = 0
    skipped: int = 0
    participants: int = 0
    files: FileCounts = msgspec.field(default_factory=FileCounts)


class Outcome(msgspec.Struct, rename="camel"):
    """`notes`: how many of each kind. With `dry_run` what would be brought counts as brought."""

    dry_run: bool
    conversations: dict[Fate, int]
    messages: int = 0
    messages_not_brought: int = 0
    participants: int = 0
    files: FileCounts = msgspec.field(default_factory=FileCounts)
    notes: dict[Kind, int] = msgspec.field(default_factory=dict)
    seconds: float = 0.0
    messages_per_second: float = 0.0


class Report:
    """`file`: where the lines go, if anywhere. Lines may be written by several threads."""

    def __init__(self, file: IO[str] | None, *, dry_run: bool) -> None:
        self._file = file
        self._lock = Lock()
        self._notes: Counter[Kind] = Counter()
        self._outcome = Outcome(dry_run, dict.fromkeys(Fate, 0))

    def write(self, note: Note) -> None:
        """A line, on its way to the disk at once: what is told of a conversation is told before
        anybody can see it."""
        if self._file is None:
            return
        line = msgspec.json.encode(note).decode()
        with self._lock:
            self._file.write(f"{line}\n")
            self._file.flush()

    def add(self, done: Done, notes: Notes) -> None:
        self._outcome.conversations[done.fate] += 1
        self._outcome.messages += done.messages
        self._outcome.messages_not_brought += done.skipped
        self._outcome.participants += done.participants
        for name in FileCounts.__struct_fields__:
            total = getattr(self._outcome.files, name) + getattr(done.files, name)
            setattr(self._outcome.files, name, total)
        self._notes.update(notes.counts)

    def add_unreadable(self, conversations: int, messages: int, notes: Notes) -> None:
        """What belongs to no conversation that could be brought."""
        self._outcome.conversations[Fate.UNREADABLE] += conversations
        self._outcome.messages_not_brought += messages
        self._notes.update(notes.counts)

    def outcome(self, seconds: float) -> Outcome:
        rate = self._outcome.messages / seconds if seconds else 0.0
        return msgspec.structs.replace(
            self._outcome,
            notes={kind: self._notes[kind] for kind in Kind if self._notes[kind]},
            seconds=round(seconds, 1),
            messages_per_second=round(rate, 1),
        )


def as_text(outcome: Outcome) -> Iterator[str]:
    would = "would be " if outcome.dry_run else ""
    conversations, files = outcome.conversations, outcome.files
    yield (
        f"conversations: {conversations[Fate.BROUGHT]} {would}brought,"
        f" {conversations[Fate.THERE]} there already, {conversations[Fate.REFUSED]} refused,"
        f" {conversations[Fate.UNREADABLE]} unreadable"
    )
    yield (
        f"messages: {outcome.messages} {would}brought, {outcome.messages_not_brought} not brought;"
        f" participants: {outcome.participants}"
    )
    yield (
        f"files: {files.brought} {would}brought ({files.bytes_brought} bytes), {files.missing} missing,"
        f" {files.left} left where they are"
    )
    for kind, count in outcome.notes.items():
        yield f"  {kind.value}: {count}"
    yield f"{outcome.seconds} s, {outcome.messages_per_second:.0f} messages a second"
