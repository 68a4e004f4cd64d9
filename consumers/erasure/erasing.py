"""One erasure, from the first look to the last: it ends when a look finds nothing any more."""

from collections.abc import Callable, Collection, Sequence
from contextlib import closing

import msgspec

from chat_project import audit_log
from chat_project.settings.environment import Environment
from chat_project.timestamps import now
from consumers.attempts import attempt
from consumers.erasure import copies, notes
from consumers.erasure.holds import Holds
from consumers.erasure.kept_names import erase_names
from consumers.erasure.said import changes_due, publish
from consumers.erasure.traces import find_traces
from consumers.erasure.waiting import wait_until_handled
from consumers.errors import RetryLater
from consumers.letters.desk import Desk
from consumers.tenants import Subject
from conversations.services import erasure, roster

ROUNDS = 5
"""Each finds what was on its way when the one before looked; a person who goes on writing under a
valid token is never done."""


class Erased(msgspec.Struct, rename="camel", kw_only=True):
    """What was done, counted; of a dry run, what is there. `held`: conversations that are held back,
    where everything stays; if the hold came during the run, what was left then."""

    tenant_id: str
    user_id: str
    conversations: int = 0
    changes: int = 0
    """Messages deleted, and texts of others and of the system without the name."""
    names: int = 0
    files: int = 0
    dead_letters: int = 0
    held: list[str] = msgspec.field(default_factory=list)


class Waiting(msgspec.Struct, frozen=True):
    """For whom and how long: the group that stores messages."""

    group_id: str
    seconds: float


def look(
    subject: Subject, names: Collection[str] = (), *, on_conversations: Callable[[int], object]
) -> Erased:
    """What an erasure would find; changes nothing. It looks twice, by what the first look tells of
    their names; `names` are further ones. Raises RetryLater, StopConsuming."""
    first = find_traces(subject, names, on_conversations=on_conversations)
    known = {*names, *first.names}
    traces = find_traces(subject, known, on_conversations=on_conversations)
    due = changes_due(subject, traces.conversation_ids, known)
    return Erased(
        tenant_id=subject.tenant_id,
        user_id=subject.user_id,
        conversations=len(traces.conversation_ids),
        changes=sum(1 for _ in due),
        held=traces.held,
    )


def erase(
    environment: Environment,
    subject: Subject,
    names: Collection[str] = (),
    *,
    by: str,
    reason: str,
    waiting: Waiting,
    on_conversations: Callable[[int], object],
) -> Erased:
    """Everything of this person; to run it again goes on, or finds nothing. `names`: what they were
    called where nothing tells it any more.

    Raises RetryLater, StopConsuming and StorageUnavailable: what was done by then stays so. RetryLater
    also when the consumers have not handled it in time, or the person goes on writing.
    """
    target = f"user {subject.user_id}"
    audit_log.note(
        "begin to erase person",
        target=target,
        details={"reason": reason},
        by=by,
        tenant_id=subject.tenant_id,
    )
    with attempt():
        known = {*names, *erasure.begin(subject.tenant_id, subject.user_id, by=by, at=now())}
    erased = Erased(tenant_id=subject.tenant_id, user_id=subject.user_id)
    for _ in range(ROUNDS):
        traces = find_traces(subject, known, on_conversations=on_conversations)
        known |= traces.names
        holds = Holds(traces.held)
        with attempt():
            erasure.keep_names(subject.tenant_id, subject.user_id, known)
        changed = _erase_once(
            environment, subject, traces.conversation_ids, holds, known, erased, by=by
        )
        if not wait_until_handled(environment, waiting.group_id, seconds=waiting.seconds):
            raise RetryLater(
                f"the consumers of {waiting.group_id} have not handled it within"
                f" {waiting.seconds:g} s: are they running? See consumer_lag"
            )
        _bring_copies(subject, traces.conversation_ids, holds, known)
        if not changed:
            erased.held = sorted(holds.met)
            _complete(subject, erased, by=by, reason=reason)
            return erased
    raise RetryLater(f"after {ROUNDS} looks there is still something new: does this person write?")


def _erase_once(
    environment: Environment,
    subject: Subject,
    ids: Sequence[str],
    holds: Holds,
    names: set[str],
    erased: Erased,
    *,
    by: str,
) -> bool:
    """Whether there was anything to do. Names go last: by them what others wrote is found."""
    with attempt():
        erasure.mark(ids, subject.user_id)
    changes = publish(changes_due(subject, ids, names), holds)
    files = copies.remove_uploads(subject, holds)
    with closing(Desk(environment)) as desk:
        letters = copies.discard_letters(subject, ids, desk, holds, by=by)
    named = erase_names(subject, ids, names, holds)
    named += _forget_in_roster(subject)
    erased.conversations = max(erased.conversations, len(ids))
    erased.changes += changes
    erased.files += files
    erased.dead_letters += letters
    erased.names += named
    return bool(changes or files or letters or named)


def _forget_in_roster(subject: Subject) -> int:
    try:
        with attempt():
            return roster.forget(subject.tenant_id, subject.user_id)
    except roster.Contended as error:
        raise RetryLater(str(error)) from error


def _bring_copies(
    subject: Subject, ids: Sequence[str], holds: Holds, names: Collection[str]
) -> None:
    """Django's log tells no conversation, so it waits until nothing is held back."""
    copies.bring_search(subject, ids)
    copies.refresh_heads(ids)
    notes.blank_audit_log(subject, names, holds)
    if not holds.met:
        notes.blank_admin_log(subject, names)


def _complete(subject: Subject, erased: Erased, *, by: str, reason: str) -> None:
    """What is held back keeps its names, so they are kept to be found by a later run."""
    if not erased.held:
        with attempt():
            erasure.complete(subject.tenant_id, subject.user_id, at=now())
    counted = {
        name: value
        for name, value in msgspec.to_builtins(erased).items()
        if name not in ("tenantId", "userId")
    }
    details = {"reason": reason, **counted}
    audit_log.note(
        "erase person",
        target=f"user {subject.user_id}",
        details=details,
        by=by,
        tenant_id=subject.tenant_id,
    )
