"""Step 6 of a batch: what later records do to stored messages.

One update per change, in the order of the log, each a pipeline that MongoDB runs at once. A message
remembers the place of its last change (`rev`): an older one, from a redelivery or from a process
that woke up late, finds nothing to do. Deletion is final.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError

from chat_project.mongodb import Document, collection
from chat_project.texts import utf16_length
from consumers.decoding import MessageChange
from consumers.errors import Poison, Reason
from consumers.records import Place
from messaging.changes import (
    MAX_REACTIONS,
    MAX_REACTIONS_OF_A_USER,
    MessageDeletedEvent,
    MessageEditedEvent,
    MessagePinnedEvent,
    MessageReactionAddedEvent,
    MessageReactionRemovedEvent,
)

MAX_HISTORY = 50
"""Earlier contents that are kept of a message; the oldest go first."""

REFUSED_FOR_RESULT = frozenset({121, 10_334, 17_419})
"""DocumentValidationFailure, BSONObjectTooLarge, and the same where an update makes the document too
large: trying the same change again cannot help."""

Pipeline = list[Document]


def apply_changes(changes: Sequence[MessageChange]) -> dict[Place, Poison]:
    """All changes of a batch, in log order; then the quotes of what was deleted lose their text, and
    those of what was redacted get the new one.

    Stops before that at the first change that MongoDB refuses for what its message would become, and
    gives it: it must be buried before what lies behind it is applied, whose `rev` would hide it.
    """
    if not changes:
        return {}
    try:
        collection("messages").bulk_write([_update(change) for change in changes], ordered=True)
    except BulkWriteError as error:
        return _refused(error, changes)
    change_quotes(changes)
    return {}


def change_quotes(changes: Sequence[MessageChange]) -> None:
    """What these changes, in log order, make of the quotes of their messages."""
    of_quotes = [update for each in changes if (update := _of_quotes(each)) is not None]
    if of_quotes:
        collection("messages").bulk_write(of_quotes, ordered=True)


def folding(changes: Sequence[MessageChange]) -> Pipeline:
    """The stages that make of a message what these changes of it leave, in log order; none behind a
    deletion."""
    stages: Pipeline = []
    for change in changes:
        stages += [*_effect(change), _rev(change.place)]
        if isinstance(change.event, MessageDeletedEvent):
            break
    return stages


def _refused(error: BulkWriteError, changes: Sequence[MessageChange]) -> dict[Place, Poison]:
    """The one change that stopped an ordered bulk. Raises the error again for other trouble."""
    details: Mapping[str, Any] = error.details or {}
    for refusal in details.get("writeErrors", ()):
        if refusal["code"] in REFUSED_FOR_RESULT and not details.get("writeConcernErrors"):
            text = f"{refusal['code']}: {refusal['errmsg']}"
            return {changes[refusal["index"]].place: Poison(Reason.REFUSED_BY_DATABASE, text)}
    raise error


def _update(change: MessageChange) -> UpdateOne:
    place = change.place
    found: Document = {
        "_id": change.event.message_id,
        "conversationId": change.conversation_id,
        "isDeleted": {"$ne": True},
        **_older_than(place),
    }
    return UpdateOne(found, [*_effect(change), _rev(place)])


def _rev(place: Place) -> Document:
    return {"$set": {"rev": {"t": place.t, "p": place.p, "o": place.o}}}


def _older_than(place: Place) -> Document:
    t, p, o = (f"rev.{name}" for name in ("t", "p", "o"))
    return {
        "$or": [
            {"rev": None},
            {t: {"$lt": place.t}},
            {t: place.t, p: {"$lt": place.p}},
            {t: place.t, p: place.p, o: {"$lt": place.o}},
        ]
    }


def _effect(change: MessageChange) -> Pipeline:
    match change.event:
        case MessageEditedEvent():
            return _edit(change, change.event.content, redacts=bool(change.event.redacts))
        case MessageDeletedEvent():
            return _delete(change)
        case MessageReactionAddedEvent():
            return _react(change, change.event.emoji_code)
        case MessageReactionRemovedEvent():
            return _unreact(change, change.event.emoji_code)
        case MessagePinnedEvent():
            return _pin(change)
        case _:
            return [{"$unset": ["isPinned", "pinnedBy", "pinnedAt"]}]


def _edit(change: MessageChange, content: str, *, redacts: bool) -> Pipeline:
    """An edit that came twice leaves one earlier content; one that redacts leaves none."""
    edited = {
        "content": _as_is(content),
        "editedAt": change.at,
        "mentions": _mentions_within(content),
    }
    if redacts:
        return [{"$set": edited}, {"$unset": "history"}]
    kept = {"$ifNull": ["$history", []]}
    earlier = {"content": "$content", "until": change.at}
    is_same = {"$eq": ["$content", _as_is(content)]}
    return [
        {
            "$set": {
                "history": {
                    "$cond": [
                        is_same,
                        "$history",
                        {"$slice": [{"$concatArrays": [kept, [earlier]]}, -MAX_HISTORY]},
                    ]
                },
                **edited,
            }
        }
    ]


def _mentions_within(content: str) -> Document:
    """The mentions that do not end behind this text, as none may that is sent; none is absent."""
    end = {"$add": ["$$each.startIndex", "$$each.length"]}
    within = {
        "$filter": {
            "input": {"$ifNull": ["$mentions", []]},
            "as": "each",
            "cond": {"$lte": [end, utf16_length(content)]},
        }
    }
    absent_if_none = {"$cond": [{"$eq": ["$$within", []]}, "$$REMOVE", "$$within"]}
    return {"$let": {"vars": {"within": within}, "in": absent_if_none}}


def _delete(change: MessageChange) -> Pipeline:
    """The id of what it answered stays in `src.r`: the digest `src.h` covers it."""
    return [
        {
            "$set": {
                "content": "",
                "isDeleted": True,
                "deletedAt": change.at,
                "deletedBy": _as_is(change.event.user_id),
                "src.r": {"$ifNull": ["$src.r", "$replyTo.messageId"]},
            }
        },
        {
            "$unset": [
                *("history", "editedAt", "mentions", "attachments", "replyTo", "reactions"),
                *("isPinned", "pinnedBy", "pinnedAt"),
            ]
        },
    ]


def _react(change: MessageChange, emoji_code: str) -> Pipeline:
    """One that is there, or for which there is no room, changes nothing."""
    event = change.event
    reaction: Document = {
        "emojiCode": _as_is(emoji_code),
        "userId": _as_is(event.user_id),
        "reactedAt": change.at,
    }
    if event.user_name:
        reaction["userName"] = _as_is(event.user_name)
    kept = {"$ifNull": ["$reactions", []]}
    of_the_user = {"$eq": ["$$each.userId", _as_is(event.user_id)]}
    own = {"$filter": {"input": kept, "as": "each", "cond": of_the_user}}
    is_left_out = {
        "$or": [
            {"$gte": [{"$size": kept}, MAX_REACTIONS]},
            {"$gte": [{"$size": own}, MAX_REACTIONS_OF_A_USER]},
            {"$gt": [{"$size": _those(kept, emoji_code, event.user_id, equal=True)}, 0]},
        ]
    }
    with_it = {"$concatArrays": [kept, [reaction]]}
    return [{"$set": {"reactions": {"$cond": [is_left_out, "$reactions", with_it]}}}]


def _unreact(change: MessageChange, emoji_code: str) -> Pipeline:
    kept = {"$ifNull": ["$reactions", []]}
    rest = _those(kept, emoji_code, change.event.user_id, equal=False)
    return [
        {"$set": {"reactions": rest}},
        {"$set": {"reactions": {"$cond": [{"$eq": ["$reactions", []]}, "$$REMOVE", "$reactions"]}}},
    ]


def _those(reactions: Document, emoji_code: str, user_id: str, *, equal: bool) -> Document:
    """The reactions of this user with this emoji, or all others."""
    same = {
        "$and": [
            {"$eq": ["$$each.emojiCode", _as_is(emoji_code)]},
            {"$eq": ["$$each.userId", _as_is(user_id)]},
        ]
    }
    return {
        "$filter": {"input": reactions, "as": "each", "cond": same if equal else {"$not": [same]}}
    }


def _pin(change: MessageChange) -> Pipeline:
    """A message that is pinned stays as it is."""

    def unless_pinned(name: str, value: object) -> Document:
        return {name: {"$cond": ["$isPinned", f"${name}", value]}}

    return [
        {
            "$set": {
                **unless_pinned("pinnedBy", _as_is(change.event.user_id)),
                **unless_pinned("pinnedAt", change.at),
            }
        },
        {"$set": {"isPinned": True}},
    ]


def takes_text_away(change: MessageChange) -> bool:
    """Whether nobody may read any more what its message, and the replies to it, held before."""
    return _of_quotes(change) is not None


def _of_quotes(change: MessageChange) -> UpdateMany | None:
    """A quote that has no text any more gets none: deletion is final."""
    quoting: Document = {
        "conversationId": change.conversation_id,
        "replyTo.messageId": change.event.message_id,
    }
    match change.event:
        case MessageDeletedEvent():
            return UpdateMany(quoting, {"$unset": {"replyTo.content": ""}})
        case MessageEditedEvent(content=content, redacts=True):
            with_text = {**quoting, "replyTo.content": {"$exists": True}}
            return UpdateMany(with_text, {"$set": {"replyTo.content": content}})
        case _:
            return None


def _as_is(text: str) -> Document:
    """What people wrote is no expression, whatever it begins with."""
    return {"$literal": text}
