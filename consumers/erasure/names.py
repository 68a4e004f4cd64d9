"""Names of erased people in what comes from the log: it holds them until it has expired."""

from collections.abc import Collection

from msgspec.structs import replace

from consumers.decoding import Entry, PositionRead, SentMessage
from conversations.erased import ERASED_NAME


def forget_erased_names(entry: Entry, erased: Collection[str]) -> None:
    """Changes the decoded event in place; `erased` are ids of users, nearly always none.

    What a reply says of a message that is not stored may be theirs: it names nobody's id. One that is
    stored is quoted as it is stored.
    """
    if not erased or isinstance(entry, PositionRead):
        return
    if not isinstance(entry, SentMessage):
        if entry.event.user_id in erased:
            entry.event.user_name = ERASED_NAME
        return
    event = entry.event
    if event.sender_id in erased:
        event.sender_name = ERASED_NAME
    event.reply_to_content = event.reply_to_sender_name = None
    if event.mentions:
        event.mentions = [
            replace(mention, user_name=ERASED_NAME) if mention.user_id in erased else mention
            for mention in event.mentions
        ]
