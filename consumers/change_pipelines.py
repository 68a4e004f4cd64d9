"""What each change does to its stored message, as a pipeline that MongoDB runs at once."""

from chat_project.mongodb import Document
from chat_project.texts import utf16_length
from consumers.decoding import MessageChange
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

Pipeline = list[Document]


def pipeline_of(change: MessageChange) -> Pipeline:
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
            return _unpin(change)


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
                *("isPinned", "pinnedBy", "pinnedAt", "unpinnedAt", "unreactedAt"),
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
        {"$set": {"reactions": rest, **_latest("unreactedAt", change)}},
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


def _unpin(change: MessageChange) -> Pipeline:
    return [
        {"$set": _latest("unpinnedAt", change)},
        {"$unset": ["isPinned", "pinnedBy", "pinnedAt"]},
    ]


def _latest(name: str, change: MessageChange) -> Document:
    """What was taken away leaves its moment, so that a retried change which is older comes too late."""
    return {name: {"$max": [f"${name}", change.at]}}


def _as_is(text: str) -> Document:
    """What people wrote is no expression, whatever it begins with."""
    return {"$literal": text}
