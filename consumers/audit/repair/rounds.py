"""The order of repairs: what others build on comes first, and each is looked at before the next."""

from collections.abc import Callable, Iterable

from consumers.audit.auditing import Audit
from consumers.audit.findings import Finding, Kind
from consumers.audit.repair.heads import set_last, set_marks
from consumers.audit.repair.lost import recover_lost
from consumers.audit.repair.others import (
    close_letters,
    refresh_cache,
    remove_orphans,
    set_read_positions,
)
from consumers.audit.repair.stored import fill_gaps, remove_strangers, renumber, rewrite_contents
from consumers.audit.repair.tools import Tools

MAX_ROUNDS = 10
"""A repair can show what another one hid; a round without a change ends them."""

Mend = Callable[[Tools, Iterable[Finding]], None]

PHASES: tuple[tuple[Mend, tuple[Kind, ...]], ...] = (
    (set_marks, (Kind.WRONG_MARK,)),
    (remove_strangers, (Kind.FOREIGN, Kind.DOUBLED)),
    (rewrite_contents, (Kind.WRONG_CONTENT,)),
    (recover_lost, (Kind.LOST,)),
    (close_letters, (Kind.CLOSABLE_LETTER, Kind.DOUBLED)),
    (renumber, (Kind.REPEAT, Kind.WRONG_NUMBER)),
    (fill_gaps, (Kind.GAP,)),
    (set_last, (Kind.WRONG_NUMBER, Kind.WRONG_LAST_MESSAGE)),
    (remove_orphans, (Kind.ORPHAN_PARTICIPANT,)),
    (set_read_positions, (Kind.WRONG_UNREAD,)),
    (refresh_cache, (Kind.WRONG_CACHE,)),
)


def repair(audit: Audit, *, group_id: str, by: str | None = None) -> int:
    """Mends what the audit's last look found, and leaves its last look at what remains.

    Every change is noted in `audit_log` before it is made. Gives how many there were. Raises
    RetryLater and pymongo's errors; to run it again goes on where it stopped.
    """
    tools = Tools(audit, group_id, by)
    for _ in range(MAX_ROUNDS):
        before = tools.repaired
        for mend, kinds in PHASES:
            at_start = tools.repaired
            mend(tools, audit.findings(*kinds))
            if tools.repaired > at_start:
                audit.look_again()
        if tools.repaired == before:
            break
    return tools.repaired
