"""What is kept nowhere else in what comes from the log: it holds all until it has expired."""

from msgspec.structs import replace

from consumers.decoding import Entry, PositionRead, SentMessage
from consumers.heads import Head
from conversations.erased import ERASED_NAME


def forget_what_is_gone(entry: Entry, head: Head) -> None:
    """Changes the decoded event in place: no names of who is erased in its conversation.

    Nor what a reply says of a message that is not stored: that may be erased, because it names
    nobody's id, or purged. One that is stored is quoted as it is stored.
    """
    if isinstance(entry, SentMessage):
        if head.erased or head.purged_seq:
            entry.event.reply_to_content = entry.event.reply_to_sender_name = None
        if head.erased:
            _forget_names(entry, head)
    elif not isinstance(entry, PositionRead) and entry.event.user_id in head.erased:
        entry.event.user_name = ERASED_NAME


def _forget_names(message: SentMessage, head: Head) -> None:
    event = message.event
    if event.sender_id in head.erased:
        event.sender_name = ERASED_NAME
    if event.mentions:
        event.mentions = [
            replace(mention, user_name=ERASED_NAME) if mention.user_id in head.erased else mention
            for mention in event.mentions
        ]
