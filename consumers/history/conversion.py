"""A message of the source in the stored form of ours. Pure.

Its place in the log is (0, the conversation's number in the import, its own number): before every
record of every topic, and no two messages share one (decision 0021).
"""

from collections.abc import Mapping
from typing import Any

from chat_project.identifiers import derived_id
from chat_project.mongodb import Document
from chat_project.texts import MAX_NAME_UTF16_UNITS, exceeds_utf16
from consumers.history.notes import Kind, Notes
from consumers.history.planning import Plan
from consumers.history.reading import OldMessage
from consumers.history.source import Quoted
from consumers.history.values import (
    MESSAGE_TYPES,
    document,
    documents,
    guid_of,
    member_of,
    moment,
    text,
    whole_number,
)
from consumers.records import Place
from conversations.telling import SYSTEM
from messaging.events import MAX_CONTENT_UTF16_UNITS, MAX_MENTIONS
from messaging.identifiers import fingerprint

GENERATION = 0
"""`t` of what is older than every topic: the first one of the registry has 1."""


class Converter:
    """Of one conversation. `number`: its own in the import, the `p` of its messages' places."""

    def __init__(self, plan: Plan, number: int, notes: Notes) -> None:
        self.plan = plan
        self.number = number
        self.notes = notes

    def place(self, seq: int) -> Place:
        return Place(GENERATION, self.number, seq)

    def stored_form(self, message: OldMessage, seq: int, quoted: Mapping[str, Quoted]) -> Document:
        """What is empty is absent; of a deleted message nothing that was said is left.

        `quoted`: what is known of the answered messages.
        """
        old = message.document
        is_deleted = old.get("IsDeleted") is True
        form: Document = {
            "_id": message.id,
            "conversationId": self.plan.id,
            "tenantId": self.plan.tenant_id,
            "seq": seq,
            "senderId": self._sender(message),
            "type": self._type(message),
            "content": "" if is_deleted else text(old.get("Content")) or "",
            "status": "Sent",
            "sentAt": message.sent_at,
        }
        if sender_name := text(old.get("SenderName")):
            form["senderName"] = sender_name
        answers = guid_of(document(old.get("ReplyTo")).get("MessageId"))
        if is_deleted:
            form |= {"isDeleted": True, **_at("deletedAt", old.get("DeletedAt"))}
        else:
            form |= self._said(message, answers, quoted)
        form["src"] = self._source(form, seq, answers)
        if is_deleted or "editedAt" in form:
            form["rev"] = {"t": GENERATION, "p": self.number, "o": seq}
        self._tell_of_limits(form)
        return form

    def _said(
        self, message: OldMessage, answers: str | None, quoted: Mapping[str, Quoted]
    ) -> Document:
        old = message.document
        lists = {
            "mentions": self._mentions(message),
            "attachments": self._attachments(message),
            "reactions": self._reactions(message),
        }
        said: Document = {name: value for name, value in lists.items() if value}
        if answers is not None and (quote := self._quote(message, answers, quoted.get(answers))):
            said["replyTo"] = quote
        said |= _at("editedAt", old.get("EditedAt"))
        if old.get("IsPinned") is True:
            pinned_by = guid_of(old.get("PinnedBy"))
            said |= {"isPinned": True, **({"pinnedBy": pinned_by} if pinned_by else {})}
            said |= _at("pinnedAt", old.get("PinnedAt"))
        return said

    def _source(self, form: Document, seq: int, answers: str | None) -> Document:
        """`src`, whose digest is of what is stored: what was sent first is not known."""
        quote = form.get("replyTo") or {}
        digest = fingerprint(
            form["conversationId"],
            form["content"],
            answers,
            [(m["userId"], m["startIndex"], m["length"]) for m in form.get("mentions", ())],
            message_type=form["type"],
            attachment_ids=[each["attachmentId"] for each in form.get("attachments", ())],
        )
        source: Document = {"t": GENERATION, "p": self.number, "o": seq, "h": digest}
        return source | ({"r": answers} if answers and not quote else {})

    def _sender(self, message: OldMessage) -> str:
        sender_id = guid_of(message.document.get("SenderId"))
        if sender_id is None:
            told = f"it has no sender: {SYSTEM.user_name}"
            self.notes.add(Kind.UNKNOWN_VALUE, told, message_id=message.id)
        return sender_id or SYSTEM.user_id

    def _type(self, message: OldMessage) -> str:
        given = message.document.get("Type")
        found = member_of(MESSAGE_TYPES, given)
        if found is not None:
            return found
        instead = "File" if documents(message.document.get("Attachments")) else "Text"
        told = f"the type {given!r} is none: {instead}"
        self.notes.add(Kind.UNKNOWN_VALUE, told, message_id=message.id)
        return instead

    def _quote(self, message: OldMessage, answers: str, quoted: Quoted | None) -> Document | None:
        """As the source shows it. Without text where the answered message is deleted; none at all
        of a message of another conversation."""
        old = document(message.document.get("ReplyTo"))
        quote = {"messageId": answers}
        if quoted is not None and quoted.conversation_id not in self.plan.task.sources:
            return None
        if (content := text(old.get("Content"))) and not (quoted and quoted.is_deleted):
            quote["content"] = content
        if sender_name := text(old.get("SenderName")):
            quote["senderName"] = sender_name
        return quote

    def _mentions(self, message: OldMessage) -> list[Document]:
        found = []
        for each in documents(message.document.get("Mentions")):
            user_id = guid_of(each.get("UserId"))
            start, length = whole_number(each.get("StartIndex")), whole_number(each.get("Length"))
            if user_id is None or start is None or length is None:
                self._left_out("mention", message)
                continue
            name = _named("userName", each.get("UserName"))
            found.append({"userId": user_id, **name, "startIndex": start, "length": length})
        return found

    def _attachments(self, message: OldMessage) -> list[Document]:
        """With the source's addresses; one without an id gets one that is always the same."""
        found: list[Document] = []
        for index, each in enumerate(documents(message.document.get("Attachments"))):
            id_ = guid_of(each.get("AttachmentId")) or derived_id(
                ["history", message.id], str(index)
            )
            size = whole_number(each.get("FileSize"))
            if size is None and each.get("FileSize") is not None:
                told = f"the size {each['FileSize']!r} of the attachment {id_} is none: left out"
                self.notes.add(Kind.UNKNOWN_VALUE, told, message_id=message.id)
            found.append(
                {
                    "attachmentId": id_,
                    **_named("fileName", each.get("FileName")),
                    **_named("fileType", each.get("FileType")),
                    **({} if size is None else {"fileSize": size}),
                    **_named("url", each.get("Url")),
                    **_named("thumbnailUrl", each.get("ThumbnailUrl")),
                }
            )
        return found

    def _reactions(self, message: OldMessage) -> list[Document]:
        """The first one of a user with an emoji, as of ours."""
        found: dict[tuple[str, str], Document] = {}
        for each in documents(message.document.get("Reactions")):
            user_id, emoji = guid_of(each.get("UserId")), text(each.get("EmojiCode"))
            if user_id is None or emoji is None or (user_id, emoji) in found:
                self._left_out("reaction", message)
                continue
            found[user_id, emoji] = {
                "emojiCode": emoji,
                "userId": user_id,
                "reactedAt": moment(each.get("ReactedAt")) or message.sent_at,
                **_named("userName", each.get("UserName")),
            }
        return list(found.values())

    def _left_out(self, what: str, message: OldMessage) -> None:
        told = f"a {what} that names nobody or nothing, or is there twice"
        self.notes.add(Kind.LEFT_OUT, told, message_id=message.id)

    def _tell_of_limits(self, form: Document) -> None:
        names = [
            form.get("senderName"),
            *(each.get("userName") for each in form.get("mentions", ())),
        ]
        over = {
            "text": exceeds_utf16(form["content"], MAX_CONTENT_UTF16_UNITS),
            "mentions": len(form.get("mentions", ())) > MAX_MENTIONS,
            "a name": any(name and exceeds_utf16(name, MAX_NAME_UTF16_UNITS) for name in names),
        }
        for what in (name for name, is_over in over.items() if is_over):
            told = f"more than this service accepts is kept: {what}"
            self.notes.add(Kind.OVER_LIMIT, told, message_id=form["_id"])


def answered_by(messages: list[OldMessage]) -> list[str]:
    """The ids of the messages that some of these answer."""
    found = (guid_of(document(each.document.get("ReplyTo")).get("MessageId")) for each in messages)
    return list({id_ for id_ in found if id_ is not None})


def _at(name: str, value: object) -> Document:
    found = moment(value)
    return {} if found is None else {name: found}


def _named(name: str, value: object) -> dict[str, Any]:
    found = text(value)
    return {} if found is None else {name: found}
