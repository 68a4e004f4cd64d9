"""The lists of a conversation's messages: pinned, of a type, with a mention (contract section 5).

A deleted message is in none of them: it keeps its place in the history, which would have a gap
otherwise, while a list shows what a message holds, and that is gone with the deletion.
"""

from chat_project.api.errors import InvalidRequest
from chat_project.api.paging import Page, PageRequest, page_of
from chat_project.api.tokens import TokenUser
from chat_project.mongodb import Document
from messaging.events import MESSAGE_TYPES
from messaging.pages import read_page
from messaging.receipts import messages_as_answered
from messaging.selectors import check_readable
from messaging.serializers import MessageDto

_TYPES = {each.lower(): each for each in MESSAGE_TYPES}


def pinned(user: TokenUser, conversation_id: str, asked: PageRequest) -> Page[MessageDto]:
    """Raises NotFound or Forbidden, as every list here."""
    return _list(user, conversation_id, {"isPinned": True}, "conversation_pinned", asked)


def of_type(
    user: TokenUser, conversation_id: str, message_type: str, asked: PageRequest
) -> Page[MessageDto]:
    """Raises InvalidRequest for a type that does not exist.

    Nearly every message is a Text, so a partial index of these would be a full one: the history's
    serves them, and passes over the others.
    """
    stored = stored_type(message_type)
    index = "conversation_time" if stored == "Text" else "conversation_type"
    return _list(user, conversation_id, {"type": stored}, index, asked)


def mentioning(
    user: TokenUser, conversation_id: str, user_id: str, asked: PageRequest
) -> Page[MessageDto]:
    """Those that name this user; anybody's may be asked, as the history shows them all."""
    condition = {"mentions.userId": user_id}
    return _list(user, conversation_id, condition, "conversation_mentions", asked)


def stored_type(given: str) -> str:
    """The message type as it is stored; its name matches without case. Raises InvalidRequest."""
    if stored := _TYPES.get(given.lower()):
        return stored
    raise InvalidRequest(
        f"messageType must be one of {', '.join(MESSAGE_TYPES)}",
        code="invalid_field",
        details={"field": "messageType", "allowed": list(MESSAGE_TYPES)},
    )


def _list(
    user: TokenUser, conversation_id: str, condition: Document, index: str, asked: PageRequest
) -> Page[MessageDto]:
    check_readable(user, conversation_id)
    query = {"conversationId": conversation_id, **condition, "isDeleted": {"$ne": True}}
    found, total = read_page("messages", query, index=index, asked=asked)
    return page_of(messages_as_answered(found), total, asked)
