"""Dead letters of a rebuilt database: outcomes are copied, and what live gave up stays given up."""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from chat_project.mongodb import collection, using_database
from consumers.dead_letters import DeadLetter, DeadLetterTopic, Kept, letter_id
from consumers.errors import Reason
from consumers.records import Place, Record


class NoDeadLetterTopic(DeadLetterTopic):
    """Keeps nothing: the live consumers keep the records. A replay keeps what they had not yet."""

    @override
    def produce(self, letters: Sequence[DeadLetter]) -> Mapping[str, Kept]:
        return {}


def without_given_up(records: Sequence[Record], t: int, live: str) -> list[Record]:
    """Leaves out the records whose conversation came too late for them.

    The conversation exists by now, so they would be stored, and all numbers behind them change.
    One that live stored after all, at a redelivery, is kept. One read, a second one if any.
    """
    by_letter = {letter_id(Place(t, each.partition, each.offset)): each for each in records}
    query = {"_id": {"$in": list(by_letter)}, "reason": Reason.UNKNOWN_CONVERSATION.value}
    letters = {
        document["_id"]: document.get("messageId")
        for document in collection("dead_letters").find(query, {"messageId": 1})
    }
    if not letters:
        return list(records)
    given_up = letters.keys() - _stored_places([id_ for id_ in letters.values() if id_], live)
    return [record for letter, record in by_letter.items() if letter not in given_up]


def _stored_places(message_ids: Sequence[str], live: str) -> set[str]:
    """As letter ids."""
    with using_database(live):
        found = list(collection("messages").find({"_id": {"$in": list(message_ids)}}, {"src": 1}))
    sources = [document["src"] for document in found if "src" in document]
    return {letter_id(Place(src["t"], src["p"], src["o"])) for src in sources}
