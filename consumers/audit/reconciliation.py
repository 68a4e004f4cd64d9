"""`reconcile`: the log recomputed against MongoDB and the cache, and mended if asked."""

import time
from contextlib import closing

from chat_project.settings.environment import Environment
from consumers.audit.auditing import Audit
from consumers.audit.ledger import Ledger
from consumers.audit.repair import repair
from consumers.audit.report import Report
from consumers.audit.scope import EVERYTHING, Scope
from consumers.log_reader import LogReader

SECOND_LOOK_SECONDS = 2.0
"""After that, what was on its way when the first look passed has arrived."""
LIMIT = 100


def reconcile(
    environment: Environment,
    scope: Scope = EVERYTHING,
    *,
    group_id: str | None = None,
    mend: bool = False,
    is_live: bool = True,
    with_cache: bool = True,
    limit: int = LIMIT,
    second_look_seconds: float = SECOND_LOOK_SECONDS,
) -> Report:
    """Compares, on a live system too: only what is wrong twice is told.

    The database is the one of `chat_project.mongodb` in this context. `is_live` False: it is
    another one than the consumers', so the cache is not its own, and nothing is produced to the
    dead-letter topic. With `mend` the report tells what is left. Memory stays at some 300 MiB; the
    temporary folder takes some 1 KB for each message (`bench.audit`). Raises CannotCheck,
    RetryLater (Kafka is away), pymongo's errors.
    """
    started = time.monotonic()
    group = group_id or environment.kafka_group_id
    with Ledger() as ledger, closing(LogReader(environment.kafka_connection())) as reader:
        audit = Audit(
            ledger,
            reader,
            environment,
            scope,
            group_id=group,
            is_live=is_live,
            with_cache=with_cache,
        )
        records = audit.read_log()
        audit.look()
        checked, in_flight = audit.checked(), audit.in_flight()
        audit.confirm(second_look_seconds)
        repaired = repair(audit, group_id=group) if mend else 0
        return Report(
            checked={"records": records, **checked},
            in_flight=in_flight,
            differences=audit.counts(),
            findings=list(audit.findings(limit=limit)),
            repaired=repaired,
            cache_checked=audit.cache_checked,
            seconds=time.monotonic() - started,
        )
