"""The collection `message_search` made anew from `messages`, in place and beside the indexer."""

from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from chat_project.mongodb import Document, majority_collection
from consumers.attempts import attempt, patiently
from consumers.search.index import Brought, bring_in, remove_strangers
from messaging import search

PAGE = 500


class RebuiltSearch(msgspec.Struct, rename="camel"):
    """What became of the search; `removed`: of no stored message."""

    messages: int = 0
    added: int = 0
    corrected: int = 0
    unchanged: int = 0
    removed: int = 0


def rebuild_search(
    *, on_total: Callable[[int], object], on_read: Callable[[int], object]
) -> RebuiltSearch:
    """Every document of the search becomes what its message gives, and no others are left.

    Searching goes on meanwhile. To run it again changes what has changed since. `on_total` hears
    about how many documents there are to look at, `on_read` how many more were. Raises PyMongoError
    when MongoDB is away at the start, RetryLater when it goes away and stays so, StopConsuming for
    what it refuses.
    """
    rebuilt = RebuiltSearch()
    on_total(_estimated_total())
    for ids in _pages("messages"):
        _add(rebuilt, patiently(partial(bring_in, ids)))
        on_read(len(ids))
    for ids in _pages(search.COLLECTION):
        rebuilt.removed += patiently(partial(_remove_strangers, ids))
        on_read(len(ids))
    return rebuilt


def _add(rebuilt: RebuiltSearch, brought: Brought) -> None:
    rebuilt.messages += brought.written + brought.unchanged
    rebuilt.added += brought.added
    rebuilt.corrected += brought.corrected
    rebuilt.unchanged += brought.unchanged


def _remove_strangers(ids: list[str]) -> int:
    with attempt():
        return remove_strangers(ids)


def _estimated_total() -> int:
    """Under the client's own bound: a server that is away is told after some seconds."""
    names = ("messages", search.COLLECTION)
    return sum(majority_collection(name).estimated_document_count() for name in names)


def _pages(name: str) -> Iterator[list[str]]:
    """Ids in their order, up to the greatest one there is now: what comes meanwhile ends somewhere."""
    end = patiently(partial(_greatest_id, name))
    last = ""
    while end and last < end:
        ids = patiently(partial(_ids, name, {"$gt": last, "$lte": end}))
        if ids:
            yield ids
        last = ids[-1] if ids else end


def _greatest_id(name: str) -> str | None:
    with attempt():
        found = majority_collection(name).find_one(
            {"_id": {"$gte": ""}}, {"_id": 1}, sort=[("_id", -1)]
        )
    return found["_id"] if found else None


def _ids(name: str, between: Document) -> list[str]:
    with attempt():
        found = (
            majority_collection(name).find({"_id": between}, {"_id": 1}).sort("_id", 1).limit(PAGE)
        )
        return [document["_id"] for document in found]
