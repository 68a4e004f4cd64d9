"""What a participant sets for themselves alone: mute and own archive. No cache holds it."""

from datetime import datetime

from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document, collection
from chat_project.timestamps import now
from conversations import policies
from conversations.selectors import settings_and_version


def mute(conversation_id: str, user: TokenUser, until: datetime | None) -> None:
    """No push until then; None or a time that is over: unmuted. Raises NotFound, Forbidden."""
    if until is None or until <= now():
        _change(conversation_id, user, {"$unset": {"mutedUntil": ""}})
    else:
        _change(conversation_id, user, {"$set": {"mutedUntil": until}})


def hide(conversation_id: str, user: TokenUser) -> None:
    """Into the user's own archive, until `unhide`; the others see no change. Again: no error."""
    _change(conversation_id, user, {"$set": {"hiddenAt": now()}})


def unhide(conversation_id: str, user: TokenUser) -> None:
    _change(conversation_id, user, {"$unset": {"hiddenAt": ""}})


def _change(conversation_id: str, user: TokenUser, change: Document) -> None:
    """One update, which finds nobody once the user has left."""
    conversation_id = canonical_id(conversation_id)
    settings = settings_and_version([conversation_id]).get(conversation_id)
    if settings is None or settings.tenant_id != user.tenant_id:
        raise policies.conversation_not_found()
    pair = {"conversationId": conversation_id, "userId": user.user_id}
    if not collection("participants").update_one(pair, change).matched_count:
        raise policies.not_a_participant()
