"""What an export tells: one record for each conversation, participant and message. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from chat_project.mongodb import Document
from chat_project.timestamps import format_timestamp
from conversations.values import ConversationType
from messaging.serializers import DELETED_CONTENT

Record = dict[str, Any]

_CONVERSATION = (
    "tenantId",
    "type",
    "name",
    "isActive",
    "studentId",
    "classId",
    "createdBy",
    "lastSeq",
)
_PARTICIPANT = ("userId", "userName", "role", "joinedSeq", "readSeq")
_MESSAGE = ("conversationId", "seq", "senderId", "senderName", "type", "status")
_LISTS = ("mentions", "reactions")
_DATES = ("editedAt", "deletedAt", "pinnedAt")
_DONE_BY = ("deletedBy", "pinnedBy")
_CALLED_AFTER_PEOPLE = (ConversationType.ONE_TO_ONE, ConversationType.STUDENT_GROUP)


def without_people(conversation: Document) -> Document:
    """Without its name, where that is the names of its people."""
    is_theirs = conversation["type"] in _CALLED_AFTER_PEOPLE
    return {name: value for name, value in conversation.items() if name != "name" or not is_theirs}


def without_others(message: Document, user_id: str) -> Document:
    """Of this user's message what they wrote: no reactions of others, not who else pinned or deleted
    it; of the mentions of others only where in the text they stand."""
    kept = {
        name: value for name, value in message.items() if name not in _DONE_BY or value == user_id
    }
    reactions = [each for each in message.get("reactions", ()) if each.get("userId") == user_id]
    mentions = [
        each if each.get("userId") == user_id else _present(each, ("startIndex", "length"))
        for each in message.get("mentions", ())
    ]
    return {**kept, "reactions": reactions, "mentions": mentions}


def conversation_record(document: Document) -> Record:
    """`purgedSeq`: messages up to this number were removed when their time was over."""
    return {
        "record": "conversation",
        "conversationId": document["_id"],
        **_present(document, _CONVERSATION),
        "createdAt": _date(document.get("createdAt")),
        **_present(document, ("purgedSeq",)),
    }


def participant_record(document: Document) -> Record:
    """With the read position: up to which number they have read, and since when."""
    return {
        "record": "participant",
        "conversationId": document["conversationId"],
        **_present(document, _PARTICIPANT),
        **{name: _date(document.get(name)) for name in ("joinedAt", "readAt")},
    }


class LeftOut(msgspec.Struct, frozen=True, rename="camel"):
    """An attachment whose file was to be exported, and is not; `why`: in a few words."""

    message_id: str
    attachment_id: str
    file_name: str
    why: str


def left_out(message: Document, copied: Mapping[str, str | None]) -> Iterator[LeftOut]:
    """Those of its attachments that were not copied; None: they should be in the storage."""
    for each in message.get("attachments", ()):
        id_ = each.get("attachmentId", "")
        if copied.get(id_) is None:
            is_elsewhere = id_ not in copied and each.get("url")
            why = "only its address is known here" if is_elsewhere else "not in the storage"
            yield LeftOut(message["_id"], id_, each.get("fileName") or "", why)


def message_record(
    document: Document, files: Mapping[str, str], left_out: Iterable[LeftOut] = ()
) -> Record:
    """Everything that is kept of it: the texts before edits, reactions, pin and attachments; a
    deleted one is a placeholder. `files`: by attachment, the exported file's name."""
    is_deleted = bool(document.get("isDeleted"))
    missing = {each.attachment_id: each.why for each in left_out}
    return {
        "record": "message",
        "messageId": document["_id"],
        **_present(document, _MESSAGE),
        "content": DELETED_CONTENT if is_deleted else document.get("content", ""),
        "sentAt": _date(document.get("sentAt")),
        "isDeleted": is_deleted,
        **_present(document, ("deletedBy", "isPinned", "pinnedBy", "replyTo")),
        **{name: _date(document[name]) for name in _DATES if document.get(name)},
        **{
            name: [_plain(each) for each in document[name]] for name in _LISTS if document.get(name)
        },
        **_list("history", [_plain(each) for each in document.get("history", ())]),
        **_list(
            "attachments",
            [_attachment(each, files, missing) for each in document.get("attachments", ())],
        ),
    }


def reaction_records(document: Document, user_id: str) -> list[Record]:
    """Of a message that they reacted to, without what it says: that is somebody else's."""
    return [
        {"record": "reaction", **_place(document), **_plain(each)}
        for each in document.get("reactions", ())
        if each.get("userId") == user_id
    ]


def mention_record(document: Document) -> Record:
    """That they were named, without by whom and in which words."""
    return {"record": "mention", **_place(document)}


def _place(document: Document) -> Record:
    return {
        "messageId": document["_id"],
        **_present(document, ("conversationId", "seq")),
        "sentAt": _date(document.get("sentAt")),
    }


def _attachment(stored: Document, files: Mapping[str, str], missing: Mapping[str, str]) -> Record:
    """Without addresses: they open nothing by themselves."""
    told = _present(stored, ("attachmentId", "fileName", "fileType", "fileSize"))
    id_ = stored.get("attachmentId", "")
    where = {"file": files.get(id_), "fileLeftOut": missing.get(id_)}
    return {**told, **_present(where, ("file", "fileLeftOut"))}


def _present(document: Document, names: tuple[str, ...]) -> Record:
    return {name: document[name] for name in names if document.get(name) is not None}


def _list(name: str, values: list[Record]) -> Record:
    return {name: values} if values else {}


def _plain(document: Document) -> Record:
    return {
        name: _date(value) if isinstance(value, datetime) else value
        for name, value in document.items()
    }


def _date(moment: datetime | None) -> str | None:
    return None if moment is None else format_timestamp(moment)
