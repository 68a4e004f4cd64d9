"""The part of a rebuilt database that is older than the log: which messages, and their heads.

A message is older when its record is no longer in the topic: it lay in an earlier life of the topic
(`src.t`), or before the partition's first record. Tombstones have no `src`: those between the
conversation's messages of the log are made again, all others stay, for no record makes them.
"""

from collections.abc import Mapping, Sequence

from chat_project.mongodb import Document, collection, taking_up_to, using_database
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
    """Stages that take a conversation back: no number but those that are purged, no last message, no
    mark within the log."""
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
        {
            "$set": {
                "lastSeq": {"$ifNull": ["$purgedSeq", 0]},
                "log": {"$arrayToObject": kept},
            }
        },
        {"$unset": "lastMessage"},
    ]


def start_heads(t: int, first_offsets: Mapping[int, int], *, live: str) -> None:
    """Sets the heads of the conversations by their copied messages, and drops the tombstones that
    are made again, by what the database `live` has numbered from the log."""
    with taking_up_to(COPY_SECONDS):
        higher_wins = {"$max": ["$lastSeq", "$$new.lastSeq"]}
        _merge_into_heads(_last_numbers(), [{"$set": {"lastSeq": higher_wins}}])
        for conversation_id in _with_tombstones():
            in_log = {"conversationId": conversation_id, **_in_the_log(t, first_offsets)}
            _sort_out_tombstones(conversation_id, _first_and_last_number(live, in_log))
        _merge_into_heads(_last_messages(), "merge")
        newer_wins = {"$mergeObjects": ["$$new.log", "$log"]}
        _merge_into_heads(_marks(t), [{"$set": {"log": newer_wins}}])


def end_heads() -> None:
    """Counts the tombstones that follow a conversation's last message; one that does not follow
    it belongs to what came after the rebuilt log, and is dropped."""
    head = {"from": "conversations", "localField": "conversationId", "foreignField": "_id"}
    stages: list[Document] = [
        {"$match": _TOMBSTONE},
        {"$lookup": {**head, "as": "head"}},
        {"$match": {"$expr": {"$gt": ["$seq", {"$first": "$head.lastSeq"}]}}},
        {"$sort": {"conversationId": 1, "seq": 1}},
        {"$project": {"conversationId": 1, "seq": 1}},
    ]
    with taking_up_to(COPY_SECONDS):
        for tombstone in collection("messages").aggregate(stages, allowDiskUse=True):
            number = tombstone["seq"]
            counted = collection("conversations").update_one(
                {"_id": tombstone["conversationId"], "lastSeq": number - 1},
                {"$set": {"lastSeq": number}},
            )
            if not counted.matched_count:
                collection("messages").delete_one({"_id": tombstone["_id"]})


def forget_purged_quotes() -> None:
    """What a reply of the log quotes of a message that is purged is kept nowhere, nor whom
    (decision 0023)."""
    fields = ("replyTo.content", "replyTo.senderName")
    quoting: Document = {"$or": [{field: {"$exists": True}} for field in fields]}
    answered = {"from": "messages", "localField": "replyTo.messageId", "foreignField": "_id"}
    stages: list[Document] = [
        {"$match": quoting},
        {"$lookup": {**answered, "as": "answered", "pipeline": [{"$project": {"_id": 1}}]}},
        {"$match": {"answered": []}},
        {"$project": {"_id": 1}},
    ]
    with taking_up_to(COPY_SECONDS):
        for head in collection("conversations").find({"purgedSeq": {"$gt": 0}}, {}):
            here = {"conversationId": head["_id"], **quoting}
            stages[0] = {"$match": here}
            ids = [each["_id"] for each in collection("messages").aggregate(stages)]
            gone = dict.fromkeys(fields, "")
            collection("messages").update_many({"_id": {"$in": ids}}, {"$unset": gone})


def _merge_into_heads(stages: Sequence[Document], when_matched: str | list[Document]) -> None:
    merge = {"into": "conversations", "whenMatched": when_matched, "whenNotMatched": "discard"}
    collection("messages").aggregate([*stages, {"$merge": merge}], allowDiskUse=True)


def _last_numbers() -> list[Document]:
    return [
        {"$match": {"src": {"$ne": None}}},
        {"$group": {"_id": "$conversationId", "lastSeq": {"$max": "$seq"}}},
    ]


def _in_the_log(t: int, first_offsets: Mapping[int, int]) -> Document:
    spans = [{"src.p": p, "src.o": {"$gte": offset}} for p, offset in first_offsets.items()]
    return {"src.t": t, "$or": spans}


def _with_tombstones() -> list[str]:
    stages = [{"$match": _TOMBSTONE}, {"$group": {"_id": "$conversationId"}}]
    return [document["_id"] for document in collection("messages").aggregate(stages)]


def _first_and_last_number(live: str, query: Document) -> tuple[int, int] | None:
    with using_database(live):
        messages = collection("messages")
        first = messages.find_one(query, {"seq": 1}, sort=[("seq", 1)])
        last = messages.find_one(query, {"seq": 1}, sort=[("seq", -1)])
    return (first["seq"], last["seq"]) if first and last else None


def _sort_out_tombstones(conversation_id: str, in_log: tuple[int, int] | None) -> None:
    """Drops those between the two numbers, and counts on from the last one below both."""
    here, messages = {"conversationId": conversation_id}, collection("messages")
    below: Document = here
    if in_log:
        between = {"$gt": in_log[0], "$lt": in_log[1]}
        messages.delete_many({**here, **_TOMBSTONE, "seq": between})
        below = {**here, "seq": {"$lt": in_log[0]}}
    if last := messages.find_one(below, {"seq": 1}, sort=[("seq", -1)]):
        head = {"_id": conversation_id}
        collection("conversations").update_one(head, {"$set": {"lastSeq": last["seq"]}})


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
