"""The quoted text of replies (design section 5, step 4; contract section 4)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from pymongo import UpdateOne

from chat_project.mongodb import Document, collection, majority_collection
from consumers.decoding import MessageChange, SentMessage
from consumers.records import Place
from consumers.wording import Wording
from messaging.changes import MessageEditedEvent

_FIELDS = ("conversationId", "seq", "content", "senderName", "isDeleted", "editedAt", "src", "rev")
_QUOTED = ("content", "senderName")
_NO_PLACE = Place(-1, -1, -1)

ByMessage = Mapping[str, Sequence[MessageChange]]


def find_quotes(
    numbered: Sequence[SentMessage],
    sender_names: Mapping[str, str | None],
    changes: Iterable[MessageChange],
    purged: Mapping[str, int],
) -> dict[str, Document]:
    """Message id -> its `replyTo`, for the replies that get one.

    `numbered` are the messages that get or have a number, `sender_names` are theirs by message id,
    `changes` those that will be applied; all in log order. `purged`: the number up to which each
    conversation is purged; what is still there of that is quoted no more. A quoted message is looked
    for among the earlier ones of the batch, then in the collection (one query, none without a reply),
    then in the event; it is quoted as the changes before the reply leave it. One of another
    conversation is never quoted.
    """
    replies = [message for message in numbered if message.event.reply_to_message_id]
    if not replies:
        return {}
    in_batch = {message.id: message for message in numbered}
    targets = {message.event.reply_to_message_id or "" for message in replies}
    stored, later = _read(targets), _by_message(changes, targets)
    quotes = {}
    for reply in replies:
        target = in_batch.get(reply.event.reply_to_message_id or "")
        if target is None or _comes_later(target, reply):
            quote = _from_collection(reply, stored, later, purged.get(reply.conversation_id, 0))
        elif target.conversation_id == reply.conversation_id:
            sent = Wording(target.event.content or "", target.place)
            content = _before(reply, target.id, sent, later)
            quote = _quote(target.id, content, sender_names.get(target.id))
        else:
            quote = None
        if quote:
            quotes[reply.id] = quote
    return quotes


def _read(message_ids: Collection[str]) -> dict[str, Document]:
    found = majority_collection("messages").find(
        {"_id": {"$in": list(message_ids)}}, dict.fromkeys(_FIELDS, 1)
    )
    return {document["_id"]: document for document in found}


def _by_message(changes: Iterable[MessageChange], message_ids: Collection[str]) -> ByMessage:
    by_message: dict[str, list[MessageChange]] = {}
    for change in changes:
        if change.event.message_id in message_ids:
            by_message.setdefault(change.event.message_id, []).append(change)
    return by_message


def correct_quotes(
    kept: Iterable[tuple[SentMessage, Document]], refused: Iterable[MessageChange]
) -> None:
    """Of what an earlier attempt stored, each with its form as of now: a text that is not there any
    more, or that only an edit says which is `refused`, is quoted no longer. No query without one."""
    updates: list[UpdateOne] = []
    unsaid = list(refused)
    for message, document in kept:
        quote = document.get("replyTo")
        if quote is not None and "content" in quote:
            updates += _said_instead(message, quote, unsaid)
        elif quote is not None:
            gone = {f"replyTo.{name}": "" for name in _QUOTED if name not in quote}
            updates.append(UpdateOne({"_id": message.id}, {"$unset": gone}))
    if updates:
        collection("messages").bulk_write(updates, ordered=False)


def _said_instead(
    reply: SentMessage, quote: Document, unsaid: Iterable[MessageChange]
) -> Iterator[UpdateOne]:
    for change in unsaid:
        is_its = change.event.message_id == quote["messageId"] and change.place < reply.place
        if is_its and isinstance(change.event, MessageEditedEvent):
            as_quoted = {"_id": reply.id, "replyTo.content": change.event.content}
            yield UpdateOne(as_quoted, {"$set": {"replyTo.content": quote["content"]}})


def _comes_later(target: SentMessage, reply: SentMessage) -> bool:
    """Within one conversation: places of different partitions have no order."""
    return target.conversation_id == reply.conversation_id and target.place > reply.place


def _from_collection(
    reply: SentMessage, stored: Mapping[str, Document], changes: ByMessage, purged_seq: int
) -> Document | None:
    event = reply.event
    target_id = event.reply_to_message_id or ""
    document = stored.get(target_id)
    if document is None:
        return _quote(target_id, event.reply_to_content, event.reply_to_sender_name)
    if document["conversationId"] != reply.conversation_id:
        return None
    if document["seq"] <= purged_seq:
        return _quote(target_id, None, None)
    content = _before(reply, target_id, _wording(document), changes)
    return _quote(target_id, content, document.get("senderName"))


def _before(reply: SentMessage, target_id: str, wording: Wording, changes: ByMessage) -> str | None:
    """What the message says where the reply lies in the log."""
    of_target = changes.get(target_id, ())
    return wording.after(each for each in of_target if each.place < reply.place).content


def _wording(document: Document) -> Wording:
    content = None if document.get("isDeleted") else document.get("content", "")
    last = document.get("rev") or document.get("src")
    place = Place(last["t"], last["p"], last["o"]) if last else _NO_PLACE
    return Wording(content, place, document.get("editedAt"))


def _quote(message_id: str, content: str | None, sender_name: str | None) -> Document:
    quote = {"messageId": message_id}
    if content:
        quote["content"] = content
    if sender_name:
        quote["senderName"] = sender_name
    return quote
