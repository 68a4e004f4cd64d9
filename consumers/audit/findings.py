"""What an audit can find."""

from enum import StrEnum
from typing import Any

import msgspec

from consumers.records import Place


class Kind(StrEnum):
    """One word for each way in which MongoDB (or the cache) can differ from the log."""

    LOST = "lost"
    """A handled record is neither stored nor a dead letter (its outcome or its kept record)."""
    DOUBLED = "doubled"
    """One record is stored under two ids, or is both stored and an open dead letter."""
    FOREIGN = "foreign"
    """A stored message that no record accounts for, or of no conversation."""
    WRONG_CONTENT = "wrong_content"
    GAP = "gap"
    REPEAT = "repeat"
    WRONG_NUMBER = "wrong_number"
    """A number above lastSeq, a lastSeq that is not the last number, or an order that is not the
    log's."""
    WRONG_LAST_MESSAGE = "wrong_last_message"
    WRONG_MARK = "wrong_mark"
    ORPHAN_PARTICIPANT = "orphan_participant"
    WRONG_UNREAD = "wrong_unread"
    WRONG_CACHE = "wrong_cache"
    WRONG_LETTER = "wrong_letter"
    """A dead letter's outcome tells other ids, or another reason, than its record gives."""
    UNREADABLE = "unreadable"
    """A document that lacks what it is told apart by: its ids, or a letter's place."""
    CLOSABLE_LETTER = "closable_letter"
    """An unknown_conversation dead letter whose message is stored by now: stored wins."""


class Finding(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """One difference. `place`: of the record in question; `seq`: the number in question;
    `expected` and `found` are JSON values, without what people wrote."""

    kind: Kind
    text: str
    conversation_id: str | None = None
    message_id: str | None = None
    user_id: str | None = None
    place: Place | None = None
    seq: int | None = None
    expected: Any = None
    found: Any = None
