"""What every repair uses: the audit, the records of the log, the writer, and the audit log."""

from collections.abc import Collection, Iterator

from chat_project import audit_log
from consumers.audit.auditing import Audit
from consumers.audit.findings import Finding
from consumers.dead_letter_topic import KafkaDeadLetterTopic
from consumers.dead_letters import Buried, DeadLetter, DeadLetterTopic, bury
from consumers.decoding import SentMessage
from consumers.errors import Poison
from consumers.log_reader import Span
from consumers.names import RememberedNames
from consumers.rebuild.letters import NoDeadLetterTopic
from consumers.records import Place, Record
from consumers.registry import Registry, chat_registry
from consumers.writer import MessageWriter
from conversations.selectors import participant_names


class Tools:
    """Of one repair; `by` is the person for the audit log, by default the system's user."""

    def __init__(self, audit: Audit, group_id: str, by: str | None) -> None:
        environment = audit.environment
        self.audit = audit
        self.writer = MessageWriter(RememberedNames(participant_names))
        self.by = by or audit_log.operating_system_user()
        self.repaired = 0
        self._registry: Registry = chat_registry(environment.message_topic)
        self._topic: DeadLetterTopic = NoDeadLetterTopic()
        if audit.is_live:
            self._topic = KafkaDeadLetterTopic(
                environment.kafka_connection(), environment.dead_letter_topic, group_id
            )

    def note(
        self, finding: Finding, target: str, *, before: object = None, after: object = None
    ) -> None:
        """Before each change: what it is, and what it was. Raises pymongo's errors."""
        details = {"text": finding.text, "before": before, "after": after}
        audit_log.note(f"repair {finding.kind.value}", target=target, details=details, by=self.by)
        self.repaired += 1

    def record(self, place: Place | None) -> Record | None:
        """None: the log does not hold it (any more). Raises RetryLater."""
        if place is None:
            return None
        return next(self.records([place]), None)

    def records(self, places: Collection[Place]) -> Iterator[Record]:
        """Those that the log still holds, in log order per partition. Raises RetryLater."""
        topic, t = self.audit.snapshot.topic, self.audit.snapshot.generation.t
        bounds = self.audit.reader.bounds(topic)
        wanted = {
            (place.p, place.o)
            for place in places
            if place.t == t and bounds[place.p].start <= place.o < bounds[place.p].end
        }
        spans: dict[int, Span] = {}
        for partition, offset in wanted:
            span = spans.get(partition, Span(offset, offset + 1))
            spans[partition] = Span(min(span.start, offset), max(span.end, offset + 1))
        for records in self.audit.reader.read(topic, spans):
            yield from (each for each in records if (each.partition, each.offset) in wanted)

    def decode(self, record: Record) -> SentMessage | None:
        """None: another service's event. Raises Poison."""
        return self._registry.decode(record, self.audit.snapshot.generation)

    def place_of(self, record: Record) -> Place:
        return Place(self.audit.snapshot.generation.t, record.partition, record.offset)

    def bury(self, record: Record, poison: Poison, *, is_known: bool = False) -> None:
        """A dead letter as the consumer makes it; `is_known`: only its record is missing."""
        letter = DeadLetter(record, self.place_of(record), poison)
        known = frozenset([letter.id]) if is_known else frozenset()
        bury([letter], Buried(known=known), self._topic)

    def bury_all(self, letters: Collection[DeadLetter]) -> None:
        bury(list(letters), Buried(), self._topic)
