"""Who may change which message (contract section 6). Pure: no I/O.

A rule answers None (allowed) or the refusal, an ApiError to be raised or sent. That the user sees the
conversation at all is asked before (`conversations.policies`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from chat_project.api.errors import ApiError, Conflict, Forbidden
from conversations.values import Role
from messaging.changes import MAX_REACTIONS, MAX_REACTIONS_OF_A_USER

Refusal = ApiError


class Target(msgspec.Struct, frozen=True):
    """What a rule needs to know of a message."""

    message_id: str
    conversation_id: str
    sender_id: str
    type: str
    sent_at: datetime
    is_deleted: bool = False


def may_edit(target: Target, user_id: str, *, now: datetime, window: timedelta) -> Refusal | None:
    """Its sender, for some time, and never a System message."""
    if target.sender_id != user_id:
        return Forbidden("Only its sender edits a message", code="not_the_sender")
    if target.type == "System":
        return Conflict("A System message is not edited", code="system_message")
    if target.is_deleted:
        return message_deleted()
    if now - target.sent_at > window:
        minutes = window.total_seconds() / 60
        return Conflict(
            f"A message can be edited for {minutes:g} minutes after sending",
            code="edit_window_over",
            details={"limitMinutes": minutes},
        )
    return None


def may_delete(target: Target, user_id: str, role: Role | None) -> Refusal | None:
    """Its sender, and an Admin anyone's, System messages too. A repeated deletion is no error."""
    if target.sender_id != user_id and role is not Role.ADMIN:
        return Forbidden(
            "Only its sender or an Admin of the conversation deletes a message",
            code="not_the_sender",
        )
    return None


def may_mark(target: Target) -> Refusal | None:
    """Reactions and pins: on whatever is not deleted."""
    return message_deleted() if target.is_deleted else None


def may_react(reacted: Sequence[str], user_id: str) -> Refusal | None:
    """With one reaction more; `reacted` are the users of those that the message has."""
    if len(reacted) < MAX_REACTIONS and reacted.count(user_id) < MAX_REACTIONS_OF_A_USER:
        return None
    return Conflict(
        f"A message has up to {MAX_REACTIONS:,} reactions, and up to {MAX_REACTIONS_OF_A_USER} of"
        " one user",
        code="too_many_reactions",
        details={"limit": MAX_REACTIONS, "limitOfAUser": MAX_REACTIONS_OF_A_USER},
    )


def message_deleted() -> Conflict:
    return Conflict("The message is deleted", code="message_deleted")
