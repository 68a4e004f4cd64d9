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
from consumers.change_pipelines import Pipeline, pipeline_of
from consumers.decoding import MessageChange
from consumers.errors import Poison, Reason
from consumers.records import Place
from messaging.changes import MessageDeletedEvent, MessageEditedEvent

REFUSED_FOR_RESULT = frozenset({121, 10_334, 17_419})
"""DocumentValidationFailure, BSONObjectTooLarge, and the same where an update makes the document too
large: trying the same change again cannot help."""


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
        stages += [*pipeline_of(change), _rev(change.place)]
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
    return UpdateOne(found, [*pipeline_of(change), _rev(place)])


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
