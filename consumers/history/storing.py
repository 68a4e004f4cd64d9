"""A conversation's messages into ours, before anybody can see it, and then the conversation.

Each write may be repeated: a message has the same number and place in every attempt, so what an
attempt that was killed has stored is found and kept. Two imports at once do no harm either.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from pymongo import ReplaceOne
from pymongo.client_session import ClientSession

from chat_project.mongodb import Document, collection, majority_collection, taking_up_to
from consumers import messages
from consumers.attempts import ATTEMPT_SECONDS, attempt, patiently
from consumers.errors import ConsumerError, RetryLater, StopConsuming
from consumers.history import claims
from consumers.history.claims import Claim
from consumers.history.conversion import GENERATION
from consumers.records import Place
from consumers.search import index
from conversations import services
from conversations.services.transactions import in_transaction
from messaging import search

PARTICIPANT_SECONDS = 0.001
LONG_SECONDS = 3_600.0
"""For counting and clearing the largest conversation."""


class SourceChanged(ConsumerError):
    """What an earlier attempt stored has other numbers now: the source is still written to."""


def taken_by(conversation_ids: Sequence[str], key: str) -> Document | None:
    """What this service has already of these ids, or of this kind."""

    def read() -> Document | None:
        with attempt():
            found = majority_collection("conversations")
            fields = {"lastSeq": 1}
            by_id = found.find_one({"_id": {"$in": list(conversation_ids)}}, fields)
            return by_id or found.find_one({"key": key}, fields)

    return patiently(read)


def look_first(message_ids: Sequence[str]) -> dict[str, Document]:
    """Those of these messages that are stored, wherever."""

    def read() -> list[Document]:
        with attempt():
            return messages.read_documents(message_ids)

    return {each["_id"]: each for each in patiently(read)}


def place_of(stored: Document) -> Place | None:
    src = stored.get("src") or {}
    return Place(int(src["t"]), int(src["p"]), int(src["o"])) if src else None


def store(held: Claim, forms: Sequence[Document], found: Mapping[str, Document]) -> None:
    """Inserts what is not there, and replaces what an earlier attempt stored otherwise.

    `found`: as `look_first` gave it, for these forms. Raises SourceChanged, Overtaken, RetryLater
    and StopConsuming.
    """
    fresh = [form for form in forms if form["_id"] not in found]
    other = [form for form in forms if form["_id"] in found and form != found[form["_id"]]]
    again = [form["_id"] for form in forms if form["_id"] in found]
    if fresh:
        _insert(fresh)
        patiently(partial(index.add, fresh))
    if other:
        patiently(partial(_replace, held, other))
    if again:
        patiently(partial(index.bring_in, again))


def publish(
    held: Claim,
    conversation: Document,
    participants: Sequence[Document],
    *,
    source_messages: int,
) -> bool:
    """The conversation with its participants, whole and at once. False: somebody has founded it, or
    one of its kind, meanwhile. Raises SourceChanged, Overtaken, RetryLater and StopConsuming."""
    _check_whole(conversation)

    def finish(session: ClientSession) -> None:
        claims.finish(
            held, session, messages=conversation["lastSeq"], source_messages=source_messages
        )

    def write() -> bool:
        with attempt(ATTEMPT_SECONDS + len(participants) * PARTICIPANT_SECONDS):
            return services.bring_in(conversation, participants, finish)

    return patiently(write)


def clear(conversation_id: str, *, but: int | None = None) -> None:
    """Takes out what was stored of a conversation that nobody has seen, but what has this number.

    The claim must be held under another number than what is taken out.
    """
    here: Document = {"conversationId": conversation_id}
    ours = {"t": GENERATION, "p": {"$ne": but}}
    with taking_up_to(LONG_SECONDS):
        for name, place in (("messages", "src"), (search.COLLECTION, "version")):
            condition = {f"{place}.{field}": value for field, value in ours.items()}
            collection(name).delete_many({**here, **condition})


def _insert(fresh: Sequence[Document]) -> None:
    """What is there already must be ours: an answer was lost, or another import was faster."""

    def write() -> None:
        with attempt():
            outcome = messages.insert(fresh)
            for message_id, text in outcome.refused.items():
                raise StopConsuming(f"MongoDB refuses the message {message_id}: {text}")
            if outcome.already_there:
                _check_ours(fresh)

    patiently(write)


def _check_ours(forms: Sequence[Document]) -> None:
    """Raises SourceChanged, and RetryLater for what another import has just stored and no majority
    has yet."""
    stored = {
        each["_id"]: each for each in messages.read_documents([form["_id"] for form in forms])
    }
    missing = [form for form in forms if form["_id"] not in stored]
    is_other = any(
        form["_id"] in stored and place_of(stored[form["_id"]]) != place_of(form) for form in forms
    )
    if is_other or (missing and _are_numbers_taken(missing)):
        raise SourceChanged(f"other messages have the ids or the numbers of {len(forms)} messages")
    if missing:
        raise RetryLater(f"{len(missing)} messages are stored, and not by a majority yet")


def _are_numbers_taken(missing: Sequence[Document]) -> bool:
    query = {
        "conversationId": missing[0]["conversationId"],
        "seq": {"$in": [form["seq"] for form in missing]},
        "_id": {"$nin": [form["_id"] for form in missing]},
    }
    return majority_collection("messages").find_one(query, {"_id": 1}) is not None


def _replace(held: Claim, forms: Sequence[Document]) -> None:
    """In a transaction with the claim: what people have changed since is never overwritten."""
    replacements = [ReplaceOne({"_id": form["_id"]}, form) for form in forms]

    def replace(session: ClientSession) -> None:
        claims.hold(held, session)
        collection("messages").bulk_write(replacements, ordered=False, session=session)

    with attempt():
        in_transaction(replace)


def _check_whole(conversation: Document) -> None:
    """An earlier attempt may have stored more messages than there are now."""
    with taking_up_to(LONG_SECONDS):
        here = {"conversationId": conversation["_id"]}
        stored = majority_collection("messages").count_documents(here)
    if stored != conversation["lastSeq"]:
        raise SourceChanged(
            f"{stored} messages are stored, and {conversation['lastSeq']} are there"
        )
