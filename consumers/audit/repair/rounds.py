"""The order of repairs: what others build on comes first, and each is looked at before the next."""

from collections.abc import Callable

from consumers.audit.auditing import Audit
from consumers.audit.repair.gaps import fill_gaps
from consumers.audit.repair.heads import set_last, set_marks, set_readable_numbers
from consumers.audit.repair.letters import close_letters, rewrite_letters
from consumers.audit.repair.lost import recover_lost
from consumers.audit.repair.numbers import renumber
from consumers.audit.repair.others import (
    refresh_cache,
    remove_orphans,
    remove_unreadable,
    set_read_positions,
)
from consumers.audit.repair.quotes import clear_quotes
from consumers.audit.repair.stored import remove_strangers, rewrite_contents
from consumers.audit.repair.tools import Tools

MAX_ROUNDS = 10
"""A repair can show what another one hid; a round without a change ends them."""

MENDS: tuple[Callable[[Tools], None], ...] = (
    remove_unreadable,
    set_marks,
    set_readable_numbers,
    remove_strangers,
    rewrite_contents,
    recover_lost,
    clear_quotes,
    close_letters,
    rewrite_letters,
    renumber,
    fill_gaps,
    set_last,
    remove_orphans,
    set_read_positions,
    refresh_cache,
)


def repair(audit: Audit, *, group_id: str, by: str | None = None) -> int:
    """Mends what the audit's last look found, and leaves its last look at what remains.

    Every change is noted in `audit_log` before it is made. Gives how many were made. Raises
    RetryLater and pymongo's errors; to run it again goes on where it stopped.
    """
    tools = Tools(audit, group_id, by)
    for _ in range(MAX_ROUNDS):
        before = tools.repaired
        for mend in MENDS:
            at_start = tools.repaired, tools.overtaken
            mend(tools)
            if (tools.repaired, tools.overtaken) != at_start:
                audit.look_again()
        if tools.repaired == before:
            break
    return tools.repaired
