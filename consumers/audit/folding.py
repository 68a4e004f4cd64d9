"""How the log's changes leave a message, up to the one that it names as its last (`rev`)."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from consumers.audit import digests
from consumers.audit.ledger import Ledger, Row
from messaging.changes import MAX_REACTIONS, MAX_REACTIONS_OF_A_USER

_CHANGES = """
SELECT d.id, r.said, r.mentions, c.kind, c.user_id, c.emoji, c.said, c.said_length, c.at_ms,
    c.is_retried, c.replaces, c.place, d.place
FROM changes c JOIN documents d ON d.id = c.message_id AND d.conversation_id = c.conversation_id
LEFT JOIN records r ON r.place = d.place AND r.message_id = d.id
WHERE c.place <= d.rev AND (d.place IS NULL OR c.place > d.place)
    AND NOT EXISTS (SELECT 1 FROM refused_changes x WHERE x.place = c.place)
ORDER BY d.id, c.place
"""
_ADD = "INSERT INTO folded VALUES (?,?,?,?,?,?)"


def fold_changes(ledger: Ledger) -> None:
    """Fills `folded` anew, for what `documents` and `changes` hold now."""
    ledger.run("DELETE FROM folded")
    by_message = groupby(ledger.rows(_CHANGES), key=lambda row: row[0])
    folded: list[Row] = [_fold(message_id, list(rows)) for message_id, rows in by_message]
    ledger.add(_ADD, folded)


def _fold(message_id: str, rows: Sequence[tuple[Any, ...]]) -> Row:
    """By the conditions that some changes have (`consumers.conditions`)."""
    said, mentions = rows[0][1], rows[0][2]
    reactions: dict[tuple[str, str], float] = {}
    pinned_by: str | None = None
    edited = pinned = unpinned = unreacted = -math.inf
    last = rows[0][-1]
    for _, _, _, kind, user_id, emoji, content, length, at, is_retried, replaces, place, _ in rows:
        is_meant, last = replaces in (None, last), place
        after = at if is_retried else math.inf
        match kind:
            case "MessageDeletedEvent":
                return message_id, None, None, 0, 1, digests.NO_MARKS
            case "MessageEditedEvent" if edited < after and is_meant:
                said, edited = content, at
                mentions = digests.mentions_within(mentions, length)
            case "MessageReactionAddedEvent" if unreacted < after:
                _react(reactions, user_id, emoji, at)
            case "MessageReactionRemovedEvent" if (
                reactions.get((user_id, emoji), -math.inf) < after
            ):
                reactions.pop((user_id, emoji), None)
                unreacted = max(unreacted, at)
            case "MessagePinnedEvent" if unpinned < after:
                pinned_by, pinned = (pinned_by, pinned) if pinned_by else (user_id, at)
            case "MessageUnpinnedEvent" if pinned < after:
                pinned_by, pinned, unpinned = None, -math.inf, max(unpinned, at)
    marks = digests.marks(reactions, pinned_by)
    return message_id, said, mentions, int(edited > -math.inf), 0, marks


def _react(reactions: dict[tuple[str, str], float], user_id: str, emoji: str, at: float) -> None:
    """Once, and while there is room for it."""
    if len(reactions) >= MAX_REACTIONS:
        return
    if sum(user == user_id for user, _ in reactions) < MAX_REACTIONS_OF_A_USER:
        reactions.setdefault((user_id, emoji), at)
