"""What messages call a person: what the system wrote there, and what who mentions them wrote. Pure.

By the first, their name is looked for in texts of the system everywhere. What a mention calls them is
free text of its writer, an honest "cô" or the words that every System message has: it counts in the
mention's own message and nowhere else.
"""

from collections.abc import Iterator

from chat_project.mongodb import Document


def is_about(message: Document, user_id: str) -> bool:
    """Whether they sent it, are mentioned in it or have reacted to it."""
    named = (*message.get("mentions", ()), *message.get("reactions", ()))
    return message.get("senderId") == user_id or any(
        each.get("userId") == user_id for each in named
    )


def names_as_kept(message: Document, user_id: str) -> Iterator[str]:
    """As its sender and in reactions; one without a name is called nothing."""
    if message.get("senderId") == user_id:
        yield message.get("senderName") or ""
    for each in message.get("reactions", ()):
        if each.get("userId") == user_id:
            yield each.get("userName") or ""


def names_in_mentions(message: Document, user_id: str) -> Iterator[str]:
    """For this message's own texts."""
    for each in message.get("mentions", ()):
        if each.get("userId") == user_id:
            yield each.get("userName") or ""
