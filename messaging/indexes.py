"""Index creation for the collections that no Django migration owns."""

from chat_project.mongodb import collection, taking_up_to
from conversations.services import outbox
from conversations.services.roster import keeping as roster
from messaging import search
from messaging.documents import Message

BUILD_SECONDS = 24 * 3_600.0
"""Building an index over a full collection takes its time; the client's own bound is 5 s."""


COLLECTIONS = ("messages", "dead_letters", outbox.COLLECTION, search.COLLECTION, *roster.INDEXES)


def create_indexes() -> list[str]:
    """Creates what is missing, as `collection.index`; a list of what was made. May take long.

    Raises PyMongoError, soon when MongoDB is away.
    """
    with taking_up_to(BUILD_SECONDS):
        before = _existing()
        Message.ensure_indexes()
        letters = collection("dead_letters")
        letters.create_index("messageId", name="message")
        letters.create_index([("closedHow", 1), ("at", 1)], name="state_time")
        letters.create_index([("conversationId", 1), ("at", 1)], name="conversation_time")
        of_tenant = [("tenantId", 1), ("closedHow", 1), ("at", 1)]
        letters.create_index(of_tenant, name="tenant_state_time")
        waiting = collection(outbox.COLLECTION)
        waiting.create_index([("conversationId", 1), ("version", 1)], name="conversation_version")
        by_age = [(field, 1) for field in outbox.BY_AGE]
        waiting.create_index(by_age, name="time_version")
        searched = [(field, 1) for field in search.INDEX_FIELDS]
        collection(search.COLLECTION).create_index(searched, name=search.INDEX)
        for name, indexes in roster.INDEXES.items():
            for index, fields in indexes:
                collection(name).create_index([(field, 1) for field in fields], name=index)
        return sorted(_existing() - before)


def _existing() -> set[str]:
    return {
        f"{name}.{index}" for name in COLLECTIONS for index in collection(name).index_information()
    }
