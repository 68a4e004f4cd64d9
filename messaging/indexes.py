"""Index creation for the collections that no Django migration owns."""

from chat_project.mongodb import collection
from messaging.documents import Message


def create_indexes() -> list[str]:
    """Creates what is missing, as `collection.index`; a list of what was made. May take long."""
    before = _existing()
    Message.ensure_indexes()
    collection("dead_letters").create_index("messageId", name="message")
    return sorted(_existing() - before)


def _existing() -> set[str]:
    return {
        f"{name}.{index}"
        for name in ("messages", "dead_letters")
        for index in collection(name).index_information()
    }
