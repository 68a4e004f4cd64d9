"""What an import tells of the data that it met: counted by kind, and written line by line."""

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec
from bson import json_util

from chat_project.mongodb import Document

Write = Callable[["Note"], None]


class Kind(StrEnum):
    """One word for each way in which the data is not what it should be, or is carried otherwise."""

    UNKNOWN_CONVERSATION = "unknown_conversation"
    """A message of no conversation: not brought."""
    UNREADABLE_CONVERSATION = "unreadable_conversation"
    """Without id, school or type: not brought, and its messages are of an unknown one."""
    UNREADABLE_MESSAGE = "unreadable_message"
    """Without id or time: not brought."""
    REPEATED_CONVERSATION = "repeated_conversation"
    """A second document with this id: left out; the messages are the first one's."""
    REPEATED_MESSAGE = "repeated_message"
    """Its id is another message's already: not brought."""
    REFUSED_CONVERSATION = "refused_conversation"
    """This service has it, or one of its kind, already: not brought."""
    CHANGED_SINCE = "changed_since"
    """It was brought before, and the source has more or fewer messages of it now."""
    MERGED_PAIR = "merged_pair"
    """A further conversation of the same two people: its messages are in the first one."""
    SECOND_GROUP = "second_group"
    """A further group of the same student: brought as a conversation of its own."""
    WRONG_PAIR = "wrong_pair"
    """A OneToOne that has not two participants."""
    NO_PARTICIPANTS = "no_participants"
    WRONG_LAST_MESSAGE = "wrong_last_message"
    WRONG_UNREAD = "wrong_unread"
    OVER_LIMIT = "over_limit"
    """Longer or more than this service accepts: kept whole."""
    UNKNOWN_VALUE = "unknown_value"
    """A value that cannot be read: replaced, as the text says."""
    LEFT_OUT = "left_out"
    """An entry of a list that names nobody or nothing, or is there twice."""
    FILE_MISSING = "file_missing"
    """Its file is not where `--files-from` says: the old address stays."""
    FILE_LEFT = "file_left"
    """Without `--files-from`: the old address stays."""


class Note(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """A line of the report. `document`: what was not brought, as MongoDB's Extended JSON."""

    kind: Kind
    text: str
    conversation_id: str | None = None
    message_id: str | None = None
    user_id: str | None = None
    document: Any = None


class Notes:
    """Those of one conversation: written at once, counted when it is done."""

    def __init__(self, write: Write, conversation_id: str | None = None) -> None:
        self.counts: Counter[Kind] = Counter()
        self._write = write
        self._conversation_id = conversation_id

    def add(
        self,
        kind: Kind,
        text: str,
        *,
        conversation_id: str | None = None,
        message_id: str | None = None,
        user_id: str | None = None,
        document: Document | None = None,
    ) -> None:
        self.counts[kind] += 1
        self._write(
            Note(
                kind=kind,
                text=text,
                conversation_id=conversation_id or self._conversation_id,
                message_id=message_id,
                user_id=user_id,
                document=None if document is None else _as_json(document),
            )
        )


def _as_json(document: Document) -> Any:
    """Everything of it, types included, so that it can be made again."""
    told = json_util.dumps(document, json_options=json_util.CANONICAL_JSON_OPTIONS)
    return msgspec.json.decode(told)
