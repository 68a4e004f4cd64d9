"""What a consumer process tells Prometheus (contract section 9), on a port of its own."""

from bisect import bisect_left
from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram


class BatchHistogram(Histogram):
    """A histogram that takes many equal observations at once."""

    def observe_many(self, amount: float, count: int) -> None:
        """As `observe(amount)`, `count` times, by the same two counters that it moves."""
        self._sum.inc(amount * count)
        place = bisect_left(self._upper_bounds, amount)
        self._buckets[place].inc(count)


processing_seconds = BatchHistogram(
    "message_processing_duration_seconds",
    "From the return of consume() to the acknowledged conversation update, per message",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
lag = Gauge(
    "kafka_consumer_lag",
    "Records that the group has not handled yet: of a consumer's own partitions, or of all when"
    " told by consumer_lag",
    ["topic"],
)
skipped = Counter("kafka_records_skipped_total", "Records of event types that nobody here handles")
dead_letters = Counter("dead_letters_total", "Records that became dead letters", ["reason"])
late_changes = Counter(
    "late_changes_total", "Changes that were retried, or made of an older text, and came too late"
)
retries = Counter("consumer_retries_total", "Attempts that a server's absence made fail")
offset_jumps = Counter(
    "kafka_offset_jumps_total", "Times that a partition went on at an unexpected offset", ["topic"]
)
effects_failed = Counter(
    "consumer_effects_failed_total", "Batches whose cache refresh or broadcast did not succeed"
)
outbox_left_over = Gauge(
    "outbox_left_over", "Changes of conversations that wait for Kafka for over a minute, up to 100"
)
search_lag = Gauge(
    "search_index_lag", "Records that the indexer has not handled yet, of its partitions", ["topic"]
)
roster_events = Counter(
    "roster_events_total", "Records of the roster by result: applied, dead_letter", ["result"]
)
roster_groups = Counter(
    "roster_groups_total", "Student groups that the roster has founded or changed", ["result"]
)
SEARCH_RESULTS = ("written", "unchanged", "not_stored")
search_documents = Counter(
    "search_documents_total",
    "Messages that the indexer has looked at by result: written, unchanged, not_stored",
    ["result"],
)


def set_lag(lags: Mapping[str, int]) -> None:
    for topic, records in lags.items():
        lag.labels(topic).set(records)


def set_search_lag(lags: Mapping[str, int]) -> None:
    for topic, records in lags.items():
        search_lag.labels(topic).set(records)
