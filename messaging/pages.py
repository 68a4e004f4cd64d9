"""Pages of a conversation's messages, newest first, read by one index (contract section 5).

The order is the history's: (sentAt, seq), descending.
"""

from chat_project.api.paging import PageRequest
from chat_project.mongodb import Document, majority_collection

MAX_COUNTED = 1_000
"""A longer list is counted up to here; from there on its total grows with the page."""

NEWEST_FIRST = [("sentAt", -1), ("seq", -1)]


def read_page(
    name: str, query: Document, *, index: str, asked: PageRequest
) -> tuple[list[Document], int]:
    """The page's documents in the collection `name`, and how many match in all.

    One query, and a second one that counts where the page is not the last. The index is named
    because the planner would try each that begins with a conversation; one that is missing is an
    error (pymongo's) instead of a slow answer.
    """
    documents = majority_collection(name)
    found = list(
        documents.find(
            query, hint=index, sort=NEWEST_FIRST, skip=asked.offset, limit=asked.size + 1
        )
    )
    at_least = asked.offset + len(found) if found else 0
    if len(found) <= asked.size and (found or asked.number == 1):
        return found, at_least
    counted = documents.count_documents(query, hint=index, limit=MAX_COUNTED)
    return found[: asked.size], max(counted, at_least)
