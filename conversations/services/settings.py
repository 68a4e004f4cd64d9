"""Name and archive of a conversation.

`by`: who asks, judged in the transaction of the change; None: staff, who may everything.
"""

from collections.abc import Callable

from pymongo.client_session import ClientSession

from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document, collection
from conversations import cache, policies, telling
from conversations.policies import Refusal
from conversations.selectors import settings_of
from conversations.services import outbox
from conversations.services.actors import check_actor
from conversations.services.lost_replies import told_to_the_cache
from conversations.services.people import check
from conversations.services.transactions import in_transaction, raise_version
from conversations.values import ConversationSettings, ConversationType
from conversations.words import search_words


def rename(conversation_id: str, name: str, *, by: TokenUser | None = None) -> ConversationSettings:
    """Tells the conversation, unless it has this name. Raises InvalidRequest for a name that is
    none, Conflict for a type that is not renamed."""
    check(policies.check_name(name))
    changes: Document = {"name": name.strip(), "words": search_words(name)}
    return _change(conversation_id, changes, by, policies.may_be_renamed)


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
    conversation_id = canonical_id(conversation_id)

    def work(session: ClientSession) -> tuple[ConversationSettings, bool]:
        before = _name(session, conversation_id)
        document = raise_version(session, conversation_id, changes)
        settings = settings_of(document)
        actor = check_actor(session, settings, by)
        check(rule(settings.type))
        is_renamed = settings.name != before
        if is_renamed:
            outbox.tell(session, document, telling.renamed(settings.name, actor), actor)
        note(settings.id)
        return settings, is_renamed

    with told_to_the_cache() as note:
        settings, is_renamed = in_transaction(work)
    cache.publish(settings, {})
    if is_renamed:
        outbox.announce(settings.id)
    return settings


def _name(session: ClientSession, conversation_id: str) -> str | None:
    found = collection("conversations").find_one(
        {"_id": conversation_id}, {"name": 1}, session=session
    )
    return found["name"] if found else None
