"""What every repair uses: the audit, the records of the log, the writer, and the audit log."""

from collections.abc import Collection, Iterator
from itertools import groupby

from chat_project import audit_log
from consumers.audit.auditing import BY_CONVERSATION, BY_PLACE, Audit
from consumers.audit.findings import Finding, Kind
from consumers.audit.ledger import pack, unpack
from consumers.audit.parts import parts
from consumers.audit.progress import bar
from consumers.dead_letter_topic import KafkaDeadLetterTopic
from consumers.dead_letters import Buried, DeadLetter, DeadLetterTopic, bury
from consumers.decoding import Entry, MessageChange, SentMessage
from consumers.erasure.names import forget_what_is_gone
from consumers.errors import Poison
from consumers.heads import Head, read_heads
from consumers.log_reader import Span
from consumers.names import RememberedNames
from consumers.rebuild.letters import NoDeadLetterTopic
from consumers.records import Place, Record
from consumers.registry import Registry, chat_registry
from consumers.writer import MessageWriter
from conversations.selectors import participant_names

RECORDS_AT_ONCE = 500
NEAR_OFFSETS = 20_000
"""Records that are nearer are read in one go with what lies between: as fast as a new start."""


class Tools:
    """Of one repair; `by` is the person for the audit log, by default the system's user."""

    def __init__(self, audit: Audit, group_id: str, by: str | None) -> None:
        environment = audit.environment
        self.audit = audit
        self.writer = MessageWriter(RememberedNames(participant_names))
        self.by = by or audit_log.operating_system_user()
        self.repaired = 0
        self.overtaken = 0
        self._heads: dict[str, Head | None] = {}
        self._registry: Registry = chat_registry(environment.message_topic)
        self._topic: DeadLetterTopic = NoDeadLetterTopic()
        if audit.is_live:
            self._topic = KafkaDeadLetterTopic(
                environment.kafka_connection(), environment.dead_letter_topic, group_id
            )

    def findings(self, what: str, *kinds: Kind, order: str = BY_CONVERSATION) -> Iterator[Finding]:
        """Of the last look, behind a progress bar."""
        counts = self.audit.counts()
        with bar(f"mending {what}", sum(counts.get(kind, 0) for kind in kinds)) as progress:
            for finding in self.audit.findings(*kinds, order=order):
                yield finding
                progress.update()

    def one_by_conversation(self, what: str, *kinds: Kind) -> Iterator[tuple[str, Finding]]:
        """The first finding of each conversation, with its id."""
        found = groupby(self.findings(what, *kinds), lambda finding: finding.conversation_id)
        for conversation_id, findings in found:
            if conversation_id is not None:
                yield conversation_id, next(findings)

    def with_records(
        self, what: str, *kinds: Kind
    ) -> Iterator[list[tuple[Finding, Record | None]]]:
        """Findings in the order of the log, some at a time, with their records; None: the log does
        not hold it (any more). Raises RetryLater."""
        for part in parts(self.findings(what, *kinds, order=BY_PLACE), RECORDS_AT_ONCE):
            places = {finding.place for finding in part if finding.place is not None}
            found = {self.place_of(record): record for record in self.records(places)}
            yield [(each, found.get(each.place) if each.place else None) for each in part]

    def note(
        self, finding: Finding, target: str, *, before: object = None, after: object = None
    ) -> None:
        """Before each change: what it is, and what it was. Raises pymongo's errors."""
        details = {"text": finding.text, "before": before, "after": after}
        audit_log.note(f"repair {finding.kind.value}", target=target, details=details, by=self.by)

    def count(self, changes: int) -> None:
        """What was really changed, after each change; 0: somebody else was there."""
        self.repaired += changes
        self.overtaken += not changes

    def records(self, places: Collection[Place]) -> Iterator[Record]:
        """Those that the log still holds, in log order per partition. Raises RetryLater."""
        topic, t = self.audit.snapshot.topic, self.audit.snapshot.generation.t
        bounds = self.audit.reader.bounds(topic) if places else {}
        offsets: dict[int, list[int]] = {}
        for place in sorted(places):
            span = bounds.get(place.p, Span(0, 0))
            if place.t == t and span.start <= place.o < span.end:
                offsets.setdefault(place.p, []).append(place.o)
        runs = {partition: _runs(found) for partition, found in offsets.items()}
        while runs:
            spans = {partition: found.pop(0) for partition, found in runs.items()}
            runs = {partition: found for partition, found in runs.items() if found}
            for records in self.audit.reader.read(topic, spans):
                yield from (each for each in records if self.place_of(each) in places)

    def decode(self, record: Record) -> Entry | None:
        """None: another service's event. Raises Poison. Without what is erased or purged."""
        entry = self._registry.decode(record, self.audit.snapshot.generation)
        if entry is not None and (head := self._head(entry.conversation_id)) is not None:
            forget_what_is_gone(entry, head)
        return entry

    def _head(self, conversation_id: str) -> Head | None:
        if conversation_id not in self._heads:
            self._heads[conversation_id] = read_heads([conversation_id]).get(conversation_id)
        return self._heads[conversation_id]

    def message_of(self, record: Record | None) -> SentMessage | None:
        """None also for poison, for another kind of event, and for no record."""
        try:
            entry = self.decode(record) if record is not None else None
        except Poison:
            return None
        return entry if isinstance(entry, SentMessage) else None

    def changes_of(self, message: SentMessage, *, up_to: Place | None) -> list[MessageChange]:
        """Those behind it that are handled, or not behind `up_to`, and not refused; in log order.
        Raises RetryLater."""
        query = (
            "SELECT place FROM changes c WHERE message_id = ? AND conversation_id = ?"
            " AND place > ? AND (is_handled OR place <= ?)"
            " AND NOT EXISTS (SELECT 1 FROM refused_changes x WHERE x.place = c.place)"
        )
        bounds = (pack(message.place), pack(up_to))
        rows = self.audit.ledger.rows(query, (message.id, message.conversation_id, *bounds))
        places = {place for row in rows if (place := unpack(row[0])) is not None}
        found = (self.decode(record) for record in self.records(places))
        return sorted(
            (each for each in found if isinstance(each, MessageChange)),
            key=lambda change: change.place,
        )

    def place_of(self, record: Record) -> Place:
        return Place(self.audit.snapshot.generation.t, record.partition, record.offset)

    def bury(self, record: Record, poison: Poison, *, is_known: bool = False) -> None:
        """A dead letter as the consumer makes it; `is_known`: only its record is missing."""
        letter = DeadLetter(record, self.place_of(record), poison)
        known = frozenset([letter.id]) if is_known else frozenset()
        bury([letter], Buried(known=known), self._topic)

    def bury_all(self, letters: Collection[DeadLetter]) -> None:
        bury(list(letters), Buried(), self._topic)


def _runs(offsets: list[int]) -> list[Span]:
    """Spans that hold these ascending offsets, and no long stretch without one."""
    runs = [Span(offsets[0], offsets[0] + 1)]
    for offset in offsets[1:]:
        if offset - runs[-1].end > NEAR_OFFSETS:
            runs.append(Span(offset, offset + 1))
        else:
            runs[-1] = Span(runs[-1].start, offset + 1)
    return runs
