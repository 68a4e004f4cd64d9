"""Whether the rebuilt database numbers the messages as the live one does."""

from itertools import islice

from chat_project.mongodb import client, taking_up_to
from consumers.rebuild.copying import COPY_SECONDS

CHUNK_MESSAGES = 1_000


def count_renumbered(live: str, into: str) -> int:
    """Messages that both hold, under different numbers. Streams; blocks as long as it takes.

    Read positions are copied: under other numbers they would mean other messages.
    """
    ours, theirs = client()[into]["messages"], client()[live]["messages"]
    renumbered = 0
    with taking_up_to(COPY_SECONDS):
        rebuilt = ours.find({}, {"seq": 1})
        while chunk := list(islice(rebuilt, CHUNK_MESSAGES)):
            numbers = {document["_id"]: document["seq"] for document in chunk}
            found = theirs.find({"_id": {"$in": list(numbers)}}, {"seq": 1})
            renumbered += sum(each["seq"] != numbers[each["_id"]] for each in found)
    return renumbered
