"""A conversation that comes with a history: it appears whole, to everybody at once."""

from collections.abc import Callable, Sequence

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from chat_project.mongodb import Document, collection
from conversations import cache
from conversations.selectors import settings_of
from conversations.services.opening import seconds_for
from conversations.services.transactions import in_transaction


def bring_in(
    conversation: Document,
    participants: Sequence[Document],
    also: Callable[[ClientSession], None],
) -> bool:
    """Inserts both, and what `also` writes, in one transaction; its messages must be stored before.

    The documents are complete, the fields that the consumer owns included: nobody could write to
    the conversation before, so there is nothing to overwrite. False, and nothing is written: its id
    or its key is taken. Raises pymongo's errors.
    """

    def insert(session: ClientSession) -> None:
        collection("conversations").insert_one(conversation, session=session)
        if participants:
            collection("participants").insert_many(participants, session=session)
        also(session)

    try:
        in_transaction(insert, within_seconds=seconds_for(len(participants)))
    except DuplicateKeyError:
        return False
    cache.publish(settings_of(conversation), {})  # over the mark of an unknown id
    return True
