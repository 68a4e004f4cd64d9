"""Name and archive of a conversation."""

from collections.abc import Callable

from pymongo.client_session import ClientSession

from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document
from conversations import cache, policies
from conversations.policies import Refusal
from conversations.selectors import settings_of
from conversations.services.people import check
from conversations.services.transactions import in_transaction, raise_version
from conversations.values import ConversationSettings, ConversationType


def rename(conversation_id: str, name: str) -> ConversationSettings:
    """Raises InvalidRequest for a name that is none, Conflict for a type that is not renamed."""
    check(policies.check_name(name))
    return _change(conversation_id, {"name": name.strip()}, policies.may_be_renamed)


def archive(conversation_id: str) -> ConversationSettings:
    """Nobody can write any more; reading goes on. Again: no error."""
    return _change(conversation_id, {"isActive": False})


def unarchive(conversation_id: str) -> ConversationSettings:
    return _change(conversation_id, {"isActive": True})


def _change(
    conversation_id: str,
    changes: Document,
    rule: Callable[[ConversationType], Refusal | None] = lambda _type: None,
) -> ConversationSettings:
    """Raises NotFound, and what the rule about the type refuses."""

    def work(session: ClientSession) -> ConversationSettings:
        settings = settings_of(raise_version(session, canonical_id(conversation_id), changes))
        check(rule(settings.type))
        return settings

    settings = in_transaction(work)
    cache.publish(settings, {})
    return settings
