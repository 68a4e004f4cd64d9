"""Name and archive of a conversation.

`by`: who asks, judged in the transaction of the change; None: staff, who may everything.
"""

from collections.abc import Callable

from pymongo.client_session import ClientSession

from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document
from conversations import cache, policies
from conversations.policies import Refusal
from conversations.selectors import settings_of
from conversations.services.actors import check_actor
from conversations.services.people import check
from conversations.services.transactions import in_transaction, raise_version
from conversations.values import ConversationSettings, ConversationType


def rename(conversation_id: str, name: str, *, by: TokenUser | None = None) -> ConversationSettings:
    """Raises InvalidRequest for a name that is none, Conflict for a type that is not renamed."""
    check(policies.check_name(name))
    return _change(conversation_id, {"name": name.strip()}, by, policies.may_be_renamed)


def archive(conversation_id: str, *, by: TokenUser | None = None) -> ConversationSettings:
    """Nobody can write any more; reading goes on. Again: no error."""
    return _change(conversation_id, {"isActive": False}, by)


def unarchive(conversation_id: str, *, by: TokenUser | None = None) -> ConversationSettings:
    return _change(conversation_id, {"isActive": True}, by)


def _change(
    conversation_id: str,
    changes: Document,
    by: TokenUser | None,
    rule: Callable[[ConversationType], Refusal | None] = lambda _type: None,
) -> ConversationSettings:
    """Raises NotFound, Forbidden, and what the rule about the type refuses."""

    def work(session: ClientSession) -> ConversationSettings:
        settings = settings_of(raise_version(session, canonical_id(conversation_id), changes))
        check_actor(session, settings, by)
        check(rule(settings.type))
        return settings

    settings = in_transaction(work)
    cache.publish(settings, {})
    return settings
