"""What an audit found, for people, machines and Prometheus."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from consumers.audit.findings import Finding, Kind


class InFlight(msgspec.Struct, frozen=True, rename="camel"):
    """Records that no consumer has handled yet; `oldest_seconds`: since when one waits."""

    count: int
    oldest_seconds: float | None


class Report(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """`differences` counts what is there now: after a repair, what is left. `findings` are the
    first of them."""

    checked: Mapping[str, int]
    in_flight: InFlight
    differences: Mapping[Kind, int]
    findings: list[Finding]
    repaired: int
    cache_checked: bool
    seconds: float

    @property
    def is_clean(self) -> bool:
        """A letter that can be closed is told, and allowed (design section 7: stored wins)."""
        return not any(
            count for kind, count in self.differences.items() if kind is not Kind.CLOSABLE_LETTER
        )


def as_text(report: Report) -> Iterator[str]:
    """Lines: what was checked, the counts by kind, then one line for each finding."""
    told = ", ".join(f"{count} {name}" for name, count in report.checked.items())
    yield f"checked {told} in {report.seconds:.1f} s"
    flight = report.in_flight
    waiting = f", the oldest for {flight.oldest_seconds:.1f} s" if flight.oldest_seconds else ""
    yield f"in flight: {flight.count} records{waiting}"
    if not report.cache_checked:
        yield "cache not checked"
    if report.repaired:
        yield f"repaired: {report.repaired}"
    total = sum(report.differences.values())
    yield f"differences: {total}"
    for kind, count in report.differences.items():
        if count:
            yield f"  {kind.value:20} {count:8}"
    for finding in report.findings:
        yield _line(finding)
    if total > len(report.findings):
        yield f"… and {total - len(report.findings)} more (--limit)"


def _line(finding: Finding) -> str:
    where: dict[str, Any] = {
        "conversation": finding.conversation_id,
        "message": finding.message_id,
        "user": finding.user_id,
        "place": ":".join(map(str, finding.place)) if finding.place else None,
        "seq": finding.seq,
        "expected": finding.expected,
        "found": finding.found,
    }
    told = " ".join(f"{name}={value}" for name, value in where.items() if value is not None)
    return f"{finding.kind.value}: {finding.text}: {told}"


def write_metrics(report: Report, path: Path, *, now: float) -> None:
    """A Prometheus textfile, replaced in one step; `now` in epoch seconds. Raises OSError."""
    registry = CollectorRegistry()
    differences = Gauge(
        "reconcile_differences",
        "Differences found; closable_letter is allowed",
        ["kind"],
        registry=registry,
    )
    for kind in Kind:
        differences.labels(kind.value).set(report.differences.get(kind, 0))
    in_flight = Gauge("reconcile_in_flight", "Records not handled yet", registry=registry)
    in_flight.set(report.in_flight.count)
    at = Gauge("reconcile_last_run_timestamp_seconds", "When it ended", registry=registry)
    at.set(now)
    duration = Gauge("reconcile_duration_seconds", "How long it took", registry=registry)
    duration.set(report.seconds)
    write_to_textfile(str(path), registry)
