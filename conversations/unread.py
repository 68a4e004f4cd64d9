"""How much of a conversation somebody has not read: counted, never stored (design section 5)."""

from collections.abc import Collection

from chat_project.mongodb import Document, majority_collection
from conversations.values import Pair

LIMIT = 10_000
"""Messages behind a read position that are looked at; with more, the count means "or more"."""

LIMIT_OF_PAGE, LEAST_LIMIT = 20_000, 500
"""Those that are looked at for all conversations of a page, and for each of them at least. One
takes MongoDB 5 to 8 µs (measured on two cores), and a list has two seconds."""


def limit_on_page(behind: Collection[int]) -> int:
    """For each of the conversations that are shown together; `behind`: how many messages the reader
    is behind in each.

    None is cut short while a page has room. Who is far behind in hundreds of them gets their list as
    fast as anybody.
    """
    left = LIMIT_OF_PAGE
    for index, each in enumerate(sorted(behind)):
        share = left // (len(behind) - index)
        if each > share:
            return min(LIMIT, max(LEAST_LIMIT, share))
        left -= each
    return LIMIT


def unread_counts(pairs: Collection[Pair], *, limit: int = LIMIT) -> dict[Pair, int]:
    """Others' undeleted messages behind the read position, for the pairs that are participants.

    Of each pair the first `limit` messages in the order of their numbers: one query, whose part for
    each pair is a bounded range of the index conversation_seq. The pairs should be of one user, or
    of one conversation: other participants among these users and conversations are counted and
    left out.
    """
    if not pairs:
        return {}
    wanted = set(pairs)
    documents = majority_collection("participants").aggregate(
        unread_pipeline(wanted, limit=limit), batchSize=len(wanted) + 1
    )
    found = {
        (document["conversationId"], document["userId"]): _count(document) for document in documents
    }
    return {pair: found[pair] for pair in wanted & found.keys()}


def unread_pipeline(pairs: Collection[Pair], *, limit: int = LIMIT) -> list[Document]:
    """The aggregation on `participants`; `$expr` in a lookup uses index bounds since MongoDB 5.

    The limit comes before the filter: who sends much and reads nothing must not cost a scan.
    """
    behind = {
        "$and": [
            {"$eq": ["$conversationId", "$$conversation"]},
            {"$gt": ["$seq", "$$read"]},
        ]
    }
    others = {"$ne": ["$senderId", "$$user"]}
    return [
        {
            "$match": {
                "conversationId": {"$in": sorted({conversation for conversation, _ in pairs})},
                "userId": {"$in": sorted({user for _, user in pairs})},
            }
        },
        {
            "$lookup": {
                "from": "messages",
                "let": {"conversation": "$conversationId", "user": "$userId", "read": "$readSeq"},
                "pipeline": [
                    {"$match": {"$expr": behind}},
                    {"$sort": {"conversationId": 1, "seq": 1}},
                    {"$limit": limit},
                    {"$match": {"$expr": others, "isDeleted": {"$ne": True}}},
                    {"$count": "count"},
                ],
                "as": "unread",
            }
        },
        {"$project": {"_id": 0, "conversationId": 1, "userId": 1, "unread": 1}},
    ]


def _count(document: Document) -> int:
    counted: list[Document] = document["unread"]
    return int(counted[0]["count"]) if counted else 0
