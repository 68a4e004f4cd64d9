"""What a person is called by the system, and by who mentions them. Pure.

By the first, their name is looked for in texts of the system everywhere. What a mention calls them is
free text of its writer, an honest "cô" or the words that every System message has: it counts in the
mention's own message and nowhere else.
"""

from collections.abc import Iterator

from chat_project.mongodb import Document
from conversations import telling
from conversations.policies import STUDENT_PREFIX

_SIGN = "@"
_RENAMED = telling.renamed("", None)


def is_about(message: Document, user_id: str) -> bool:
    """Whether they sent it, are mentioned in it or have reacted to it."""
    named = (*message.get("mentions", ()), *message.get("reactions", ()))
    return message.get("senderId") == user_id or any(
        each.get("userId") == user_id for each in named
    )


def names_as_kept(message: Document, user_id: str, *, in_own_group: bool) -> Iterator[str]:
    """As its sender, in reactions, and where a student's own group is told of their new name; empty
    is one without a name."""
    if message.get("senderId") == user_id:
        yield message.get("senderName") or ""
    for each in message.get("reactions", ()):
        if each.get("userId") == user_id:
            yield each.get("userName") or ""
    if in_own_group and message.get("type") == "System":
        yield student_in(message.get("content") or "")


def student_in(text: str) -> str:
    """Of the name of a student's group, or of what that was told when it got one; empty: of nobody."""
    name = text.removeprefix(_RENAMED)
    return name.removeprefix(STUDENT_PREFIX) if name.startswith(STUDENT_PREFIX) else ""


def names_in_mentions(message: Document, user_id: str) -> Iterator[str]:
    """For this message's own texts: the mention's name, and what it marks in them."""
    for each in message.get("mentions", ()):
        if each.get("userId") == user_id:
            yield each.get("userName") or ""
            yield from _marked(message, each)


def texts_of(message: Document) -> list[str]:
    """The earlier ones first, as far as they are kept, and the present one last."""
    kept = (*message.get("history", ()), message)
    return [each.get("content") or "" for each in kept]


def _marked(message: Document, mention: Document) -> Iterator[str]:
    """An edit moves no marks. So what they mark is believed in the text that they were made for, and
    in the others where it begins as mentions do."""
    first, *later = texts_of(message)
    is_as_sent = "history" in message or "editedAt" not in message
    start = max(0, mention.get("startIndex") or 0)
    end = start + (mention.get("length") or 0)
    shown = _cut(first, start, end)
    if is_as_sent or shown.startswith(_SIGN):
        yield shown.removeprefix(_SIGN)
    for text in later:
        if (shown := _cut(text, start, end)).startswith(_SIGN):
            yield shown.removeprefix(_SIGN)


def _cut(text: str, start: int, end: int) -> str:
    """In UTF-16 code units; half a pair at an end is left out."""
    return text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le", "ignore")
