"""Who asks for a change, judged by what they are in the very transaction that makes it."""

from collections.abc import Callable

from pymongo.client_session import ClientSession

from chat_project.api.tokens import TokenUser
from chat_project.mongodb import collection
from conversations import policies
from conversations.policies import Refusal
from conversations.services.people import check
from conversations.values import ConversationSettings, Membership, Person, Role

Rule = Callable[[str, ConversationSettings, Membership], Refusal | None]


def check_actor(
    session: ClientSession,
    settings: ConversationSettings,
    by: TokenUser | None,
    rule: Rule = policies.may_administer,
) -> Person | None:
    """Who acts, as the conversation knows them. Raises what the rule refuses to `by`; None: staff,
    who may everything.

    Called after `raise_version`, so that no other change of the participants comes between.
    """
    if by is None:
        return None
    membership = _membership(session, settings.id, by.user_id)
    check(rule(by.tenant_id, settings, membership))
    return Person(by.user_id, membership.user_name or by.name or by.user_id)


def _membership(session: ClientSession, conversation_id: str, user_id: str) -> Membership:
    pair = {"conversationId": conversation_id, "userId": user_id}
    found = collection("participants").find_one(pair, {"role": 1, "userName": 1}, session=session)
    return Membership(Role(found["role"]), found["userName"]) if found else Membership()
