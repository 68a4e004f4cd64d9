"""Step 6 of a batch: what later records do to stored messages.

One update per change, in the order of the log, each a pipeline that MongoDB runs at once. A message
remembers the place of its last change (`rev`): an older one, from a redelivery or from a process
that woke up late, finds nothing to do. Deletion is final.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from pymongo import UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError

from chat_project.mongodb import Document, collection
from consumers import metrics
from consumers.change_pipelines import Pipeline, pipeline_of
from consumers.conditions import condition_of
from consumers.decoding import MessageChange
from consumers.errors import Poison, Reason
from consumers.records import Place
from messaging.changes import MessageDeletedEvent, MessageEditedEvent

logger = logging.getLogger(__name__)

REFUSED_FOR_RESULT = frozenset({121, 10_334, 17_419})
"""DocumentValidationFailure, BSONObjectTooLarge, and the same where an update makes the document too
large: trying the same change again cannot help."""


def apply_changes(changes: Sequence[MessageChange]) -> dict[Place, Poison]:
    """All changes of a batch, in log order; then the quotes of what was deleted lose their text, and
    those of what was redacted get the new one.

    Stops before that at the first change that MongoDB refuses for what its message would become, and
    gives it: it must be buried before what lies behind it is applied, whose `rev` would hide it.
    """
    passed_over: set[Place] = set()
    for part in in_parts(changes):
        if refused := _apply(part, passed_over):
            return refused
    change_quotes([each for each in changes if each.place not in passed_over])
    return {}


def change_quotes(changes: Sequence[MessageChange]) -> None:
    """What these changes, in log order, make of the quotes of their messages."""
    of_quotes = [update for each in changes if (update := _of_quotes(each)) is not None]
    if of_quotes:
        collection("messages").bulk_write(of_quotes, ordered=True)


def folding(changes: Sequence[MessageChange]) -> Pipeline:
    """The stages that make of a message what these changes of it leave, in log order; none behind a
    deletion, and whatever their conditions are."""
    stages: Pipeline = []
    for change in changes:
        stages += [*pipeline_of(change), rev_of(change)]
        if isinstance(change.event, MessageDeletedEvent):
            break
    return stages


def in_parts(changes: Sequence[MessageChange]) -> Iterator[list[MessageChange]]:
    """Together, but for those with a condition: of each of these it must be known whether it was met."""
    for is_conditional, some in groupby(changes, lambda each: condition_of(each) is not None):
        if is_conditional:
            yield from ([each] for each in some)
        else:
            yield list(some)


def _apply(part: Sequence[MessageChange], passed_over: set[Place]) -> dict[Place, Poison]:
    try:
        done = collection("messages").bulk_write([_update(each) for each in part], ordered=True)
    except BulkWriteError as error:
        return _refused(error, part)
    if condition_of(part[0]) is not None and not done.matched_count:
        _pass_over(part[0])
        if not _counted_before(part[0]):
            passed_over.add(part[0].place)
    return {}


def _counted_before(change: MessageChange) -> bool:
    """Whether an edit that redacts did at an earlier attempt: then quotes may still lack its text."""
    if not takes_text_away(change) or not isinstance(change.event, MessageEditedEvent):
        return False
    as_redacted = {"_id": change.event.message_id, "content": change.event.content}
    return collection("messages").find_one(as_redacted, {"_id": 1}) is not None


def _pass_over(change: MessageChange) -> None:
    """Only its place is noted: it is done, and a redelivery decides the same."""
    if collection("messages").update_one(_found(change), [rev_of(change)]).matched_count:
        metrics.late_changes.inc()
        logger.info(
            "Came too late, something newer counts: %s of message %s, %s [%d] offset %d",
            type(change.event).__name__,
            change.event.message_id,
            change.record.topic,
            change.record.partition,
            change.record.offset,
        )


def _refused(error: BulkWriteError, changes: Sequence[MessageChange]) -> dict[Place, Poison]:
    """The one change that stopped an ordered bulk. Raises the error again for other trouble."""
    details: Mapping[str, Any] = error.details or {}
    for refusal in details.get("writeErrors", ()):
        if refusal["code"] in REFUSED_FOR_RESULT and not details.get("writeConcernErrors"):
            text = f"{refusal['code']}: {refusal['errmsg']}"
            return {changes[refusal["index"]].place: Poison(Reason.REFUSED_BY_DATABASE, text)}
    raise error


def _update(change: MessageChange) -> UpdateOne:
    found = {**_found(change), **(condition_of(change) or {})}
    return UpdateOne(found, [*pipeline_of(change), rev_of(change)])


def _found(change: MessageChange) -> Document:
    return {
        "_id": change.event.message_id,
        "conversationId": change.conversation_id,
        "isDeleted": {"$ne": True},
        **_older_than(change.place),
    }


def rev_of(change: MessageChange) -> Document:
    """The stage that notes a change as the message's last."""
    place = change.place
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
