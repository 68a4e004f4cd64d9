"""The part of a rebuilt database that is older than the log: which messages, and their heads.

A message is older when its record is no longer in the topic: it lay in an earlier life of the topic
(`src.t`), or before the partition's first record. Tombstones have no `src`; those stay that lie
below an older message of their conversation, the others are made again.
"""

from collections.abc import Mapping, Sequence

from chat_project.mongodb import Document, collection, taking_up_to
from consumers.rebuild.copying import COPY_SECONDS

_LAST_MESSAGE_FIELDS = ("seq", "senderId", "senderName", "content", "sentAt")
_TOMBSTONE: Document = {"src": None, "isDeleted": True}


def older_messages(t: int, first_offsets: Mapping[int, int]) -> Document:
    """The filter for what is older than generation `t` from these offsets on, and tombstones."""
    before: list[Document] = [
        {"src.t": t, "src.p": partition, "src.o": {"$lt": offset}}
        for partition, offset in first_offsets.items()
        if offset > 0
    ]
    return {"$or": [{"src.t": {"$lt": t}}, *before, _TOMBSTONE]}


def head_before_the_log(t: int, first_offsets: Mapping[int, int]) -> list[Document]:
    """Stages that take a conversation back: no number, no last message, no mark within the log."""
    before: list[Document] = [
        {"$and": [{"$eq": ["$$mark.k", f"p{partition}"]}, {"$lt": ["$$mark.v.o", offset]}]}
        for partition, offset in first_offsets.items()
    ]
    kept = {
        "$filter": {
            "input": {"$objectToArray": {"$ifNull": ["$log", {}]}},
            "as": "mark",
            "cond": {
                "$or": [
                    {"$lt": ["$$mark.v.t", t]},
                    {"$and": [{"$eq": ["$$mark.v.t", t]}, {"$or": before}]},
                ]
            },
        }
    }
    return [
        {"$set": {"lastSeq": 0, "log": {"$arrayToObject": kept}}},
        {"$unset": "lastMessage"},
    ]


def start_heads(t: int) -> None:
    """Sets the heads of the conversations by their copied messages, and drops the tombstones that
    are made again."""
    with taking_up_to(COPY_SECONDS):
        _merge_into_heads(_last_numbers(), "merge")
        _drop_newer_tombstones()
        _merge_into_heads(_last_messages(), "merge")
        newer_wins = {"$mergeObjects": ["$$new.log", "$log"]}
        _merge_into_heads(_marks(t), [{"$set": {"log": newer_wins}}])


def _merge_into_heads(stages: Sequence[Document], when_matched: str | list[Document]) -> None:
    merge = {"into": "conversations", "whenMatched": when_matched, "whenNotMatched": "discard"}
    collection("messages").aggregate([*stages, {"$merge": merge}], allowDiskUse=True)


def _last_numbers() -> list[Document]:
    return [
        {"$match": {"src": {"$ne": None}}},
        {"$group": {"_id": "$conversationId", "lastSeq": {"$max": "$seq"}}},
    ]


def _drop_newer_tombstones() -> None:
    head = {"from": "conversations", "localField": "conversationId", "foreignField": "_id"}
    newer = collection("messages").aggregate(
        [
            {"$match": _TOMBSTONE},
            {"$lookup": {**head, "as": "head"}},
            {"$match": {"$expr": {"$gt": ["$seq", {"$first": "$head.lastSeq"}]}}},
            {"$project": {"_id": 1}},
        ]
    )
    for document in newer:
        collection("messages").delete_one(document)


def _last_messages() -> list[Document]:
    fields = {"messageId": "$_id", **{name: f"${name}" for name in _LAST_MESSAGE_FIELDS}}
    newest = {"$top": {"sortBy": {"sentAt": -1, "seq": -1}, "output": fields}}
    return [
        {"$match": {"isDeleted": {"$ne": True}}},
        {"$group": {"_id": "$conversationId", "lastMessage": newest}},
    ]


def _marks(t: int) -> list[Document]:
    """The mark of each copied message of this generation: a stored one may not lie above it."""
    mark = {"k": {"$concat": ["p", {"$toString": "$_id.p"}]}, "v": {"t": t, "o": "$o"}}
    return [
        {"$match": {"src.t": t}},
        {"$group": {"_id": {"c": "$conversationId", "p": "$src.p"}, "o": {"$max": "$src.o"}}},
        {"$group": {"_id": "$_id.c", "marks": {"$push": mark}}},
        {"$project": {"log": {"$arrayToObject": "$marks"}}},
    ]
