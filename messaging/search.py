"""Search in a conversation: the collection `message_search`, what it holds and how it is asked.

A consumer group of its own fills it, so that storing a message does not pay for it; what it has not
come to yet is not found.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from chat_project.api.errors import InvalidRequest
from chat_project.api.paging import Page, PageRequest, page_of
from chat_project.api.query import timestamp
from chat_project.api.tokens import TokenUser
from chat_project.mongodb import Document, majority_collection
from chat_project.texts import exceeds_utf16
from messaging.lists import stored_type
from messaging.pages import read_page
from messaging.receipts import messages_as_answered
from messaging.selectors import check_readable
from messaging.serializers import MessageDto
from messaging.words import MAX_BEGINNING_LENGTH, beginning, folded_words, with_beginnings

COLLECTION = "message_search"
INDEX = "conversation_words"
INDEX_FIELDS = ("conversationId", "words", "sentAt", "seq", "type")

MAX_TERM_UTF16_UNITS = 255


def search_document(message: Document) -> Document:
    """What the search keeps of a stored message, under the same `_id`.

    `words` are the folded words of the text and of the attachments' names, with their beginnings
    (`messaging.words`). A deleted message has none.
    """
    texts = [] if message.get("isDeleted") else _texts_of(message)
    return {
        "_id": message["_id"],
        "conversationId": message["conversationId"],
        "tenantId": message["tenantId"],
        "seq": message["seq"],
        "type": message["type"],
        "sentAt": message["sentAt"],
        "words": with_beginnings(folded_words("\n".join(texts))),
    }


class SearchRequest(msgspec.Struct, frozen=True):
    """What is looked for: messages with all `words`, the last of which may be a beginning.

    Both dates are included.
    """

    words: list[str]
    message_type: str | None = None
    from_date: datetime | None = None
    to_date: datetime | None = None


def search_request(given: Mapping[str, str]) -> SearchRequest:
    """Reads the query (names in lower case; empty is absent). Raises InvalidRequest."""
    message_type = given.get("messagetype", "").strip()
    return SearchRequest(
        words=_term_words(given.get("searchterm", "")),
        message_type=stored_type(message_type) if message_type else None,
        from_date=timestamp(given, "fromDate"),
        to_date=timestamp(given, "toDate"),
    )


def search(
    user: TokenUser, conversation_id: str, asked: SearchRequest, page: PageRequest
) -> Page[MessageDto]:
    """A page of what is found, newest first. Raises NotFound or Forbidden.

    A message that was deleted a moment ago may still be found and counted; it is left out here.
    """
    check_readable(user, conversation_id)
    query = _query(conversation_id, asked)
    found, total = read_page(COLLECTION, query, index=INDEX, asked=page)
    messages = _messages([document["_id"] for document in found])
    return page_of(messages_as_answered(messages), total, page)


def _texts_of(message: Document) -> list[str]:
    names = [each.get("fileName") for each in message.get("attachments", ())]
    return [text for text in (message.get("content"), *names) if text]


def _term_words(term: str) -> list[str]:
    if exceeds_utf16(term, MAX_TERM_UTF16_UNITS):
        raise _wrong_term("search_term_too_long", f"is over {MAX_TERM_UTF16_UNITS} UTF-16 units")
    if words := folded_words(term):
        return words
    raise _wrong_term("search_term_empty", "must hold a letter or a digit")


def _wrong_term(code: str, problem: str) -> InvalidRequest:
    return InvalidRequest(f"searchTerm {problem}", code=code, details={"field": "searchTerm"})


def _query(conversation_id: str, asked: SearchRequest) -> Document:
    """The first condition on `words` is the one that the index serves: the longest whole word."""
    *whole, last = asked.words
    longest_first = sorted(dict.fromkeys(whole), key=len, reverse=True)
    conditions: list[Document] = [{"words": word} for word in longest_first]
    conditions += _beginning_with(last)
    query: Document = {"conversationId": conversation_id, "$and": conditions}
    if asked.message_type:
        query["type"] = asked.message_type
    bounds = {"$gte": asked.from_date, "$lte": asked.to_date}
    if sent_at := {name: bound for name, bound in bounds.items() if bound is not None}:
        query["sentAt"] = sent_at
    return query


def _beginning_with(letters: str) -> list[Document]:
    """Of more letters than a kept beginning has, a message's own words are looked at too."""
    if len(letters) <= MAX_BEGINNING_LENGTH:
        return [{"words": {"$in": [letters, beginning(letters)]}}]
    return [{"words": beginning(letters)}, {"words": {"$regex": f"^{letters}"}}]


def _messages(ids: list[str]) -> list[Document]:
    """The stored messages in the order of their ids here, without those that are deleted."""
    query: Document = {"_id": {"$in": ids}, "isDeleted": {"$ne": True}}
    stored = {document["_id"]: document for document in majority_collection("messages").find(query)}
    return [stored[message_id] for message_id in ids if message_id in stored]
