"""How the log's changes leave a message, up to the one that it names as its last (`rev`)."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from consumers.audit import digests
from consumers.audit.ledger import Ledger, Row
from messaging.changes import MAX_REACTIONS, MAX_REACTIONS_OF_A_USER

_CHANGES = """
SELECT d.id, r.said, r.mentions, c.kind, c.user_id, c.emoji, c.said, c.said_length
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
    said, mentions, is_edited = rows[0][1], rows[0][2], False
    reactions: dict[tuple[str, str], None] = {}
    pinned_by: str | None = None
    for _, _, _, kind, user_id, emoji, content, length in rows:
        match kind:
            case "MessageDeletedEvent":
                return message_id, None, None, 0, 1, digests.NO_MARKS
            case "MessageEditedEvent":
                said, is_edited = content, True
                mentions = digests.mentions_within(mentions, length)
            case "MessageReactionAddedEvent":
                _react(reactions, user_id, emoji)
            case "MessageReactionRemovedEvent":
                reactions.pop((user_id, emoji), None)
            case "MessagePinnedEvent":
                pinned_by = pinned_by or user_id
            case "MessageUnpinnedEvent":
                pinned_by = None
    marks = digests.marks(reactions, pinned_by)
    return message_id, said, mentions, int(is_edited), 0, marks


def _react(reactions: dict[tuple[str, str], None], user_id: str, emoji: str) -> None:
    """Once, and while there is room for it."""
    if len(reactions) >= MAX_REACTIONS:
        return
    if sum(user == user_id for user, _ in reactions) < MAX_REACTIONS_OF_A_USER:
        reactions.setdefault((user_id, emoji))
