"""Who is in a conversation, and as what.

`by`: who asks, judged in the transaction of the change; None: staff, who may everything.
`request`: remembered in that transaction; DuplicateKeyError (`repetition.done_once`) if it was before.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

import msgspec
from pymongo.client_session import ClientSession

from chat_project.api.errors import Forbidden, NotFound
from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document, collection
from chat_project.timestamps import now
from conversations import cache, policies, telling
from conversations.erased import neutral_people
from conversations.selectors import settings_of
from conversations.services import outbox
from conversations.services.actors import Rule, check_actor
from conversations.services.erasure import erased_among
from conversations.services.lost_replies import publish_as_stored, told_to_the_cache
from conversations.services.people import canonical_people, check, participant_document
from conversations.services.repetition import KeyedRequest, remember_within
from conversations.services.transactions import in_transaction, raise_version
from conversations.values import ConversationSettings, ConversationType, Membership, Person, Role

ADDED_AT_ONCE = 500
"""Participants in one transaction: the consumer's update of the conversation waits for it."""

T = TypeVar("T")

ADMINS_INDEX = "conversation_admins"
"""Named to the server: of 25,000 participants it must look at the few Admins only."""


def add_participants(
    conversation_id: str,
    people: Iterable[Person],
    role: Role | None,
    *,
    by: TokenUser | None = None,
    request: KeyedRequest | None = None,
) -> None:
    """Adds those who are not in it yet, with everything so far counted as read, and tells of them.

    Who is in it keeps their role, but that Role.ADMIN makes them Admins; `role` None: what newcomers
    of this type are. Raises NotFound, Forbidden, InvalidRequest for ids and names that are none, Conflict for a OneToOne. A long list
    is added in parts, each of them all or nothing; the conversation is told once, and the request is
    remembered with the last part.
    """
    newcomers = canonical_people(people, "participants")
    so_far = Joined()
    for start in range(0, len(newcomers), ADDED_AT_ONCE):
        end = start + ADDED_AT_ONCE
        more_follow = end < len(newcomers)
        add = partial(_add, newcomers[start:end], role, so_far, more_follow=more_follow)
        so_far = _change(conversation_id, add, by, request=None if more_follow else request)
    if so_far.count:
        outbox.announce(canonical_id(conversation_id))


def remove_participant(conversation_id: str, user_id: str, *, by: TokenUser | None = None) -> None:
    """Raises NotFound, Forbidden, Conflict for a OneToOne and for a group's last Admin."""
    _take_out(conversation_id, canonical_id(user_id), by)


def leave(conversation_id: str, user: TokenUser, *, request: KeyedRequest | None = None) -> None:
    """As `remove_participant`, of oneself, whatever one's role is."""
    _take_out(conversation_id, user.user_id, user, policies.may_read, request=request)


def change_role(conversation_id: str, user_id: str, role: Role) -> None:
    """Raises NotFound, Conflict for a OneToOne and for a group's last Admin."""
    user_id = canonical_id(user_id)

    def change(
        document: Document, session: ClientSession, _actor: Person | None
    ) -> tuple[dict[str, Membership], None]:
        if role is not Role.ADMIN:
            _keep_an_admin(document, user_id, session)
        changed = _give_role(document, [user_id], role, session)
        if not changed:
            raise _not_a_participant()
        return changed, None

    _change(conversation_id, change, None)


class Joined(msgspec.Struct, frozen=True):
    """Who has joined in the parts of a list so far: the first names, how many, the message of it."""

    names: tuple[str, ...] = ()
    count: int = 0
    message_id: str | None = None


Change = Callable[[Document, ClientSession, Person | None], tuple[dict[str, Membership], T]]
"""Of a conversation, by somebody: gives the memberships as they are after it, and what else it
has to tell its caller."""


def _change(
    conversation_id: str,
    change: Change[T],
    by: TokenUser | None,
    rule: Rule = policies.may_administer,
    *,
    request: KeyedRequest | None = None,
) -> T:
    """Runs one change of the participants; whether its request is new is asked before the rule."""

    def work(session: ClientSession) -> tuple[ConversationSettings, dict[str, Membership], T]:
        document = raise_version(session, canonical_id(conversation_id))
        if request:
            remember_within(session, request, document["_id"])
        settings = settings_of(document)
        actor = check_actor(session, settings, by, rule)
        check(policies.may_change_participants(settings.type))
        changed, result = change(document, session, actor)
        note(settings.id, changed)
        return settings, changed, result

    with told_to_the_cache() as note:
        settings, changed, result = in_transaction(work)
    cache.publish(settings, as_of(settings.version, changed))
    return result


def as_of(version: int, members: dict[str, Membership]) -> dict[str, Membership]:
    """The memberships that a commit has made, for the cache."""
    loaded_at = time.time()
    return {
        user_id: Membership(membership.role, membership.user_name, version, loaded_at)
        for user_id, membership in members.items()
    }


def _add(
    people: Sequence[Person],
    role: Role | None,
    so_far: Joined,
    document: Document,
    session: ClientSession,
    actor: Person | None,
    *,
    more_follow: bool,
) -> tuple[dict[str, Membership], Joined]:
    promoted = {}
    if role is Role.ADMIN:
        promoted = _give_role(document, [one.user_id for one in people], role, session)
    role = role or policies.role_of_newcomer(ConversationType(document["type"]))
    present = collection("participants").find(
        {"conversationId": document["_id"], "userId": {"$in": [one.user_id for one in people]}},
        {"userId": 1},
        session=session,
    )
    present_ids = {participant["userId"] for participant in present}
    newcomers = [person for person in people if person.user_id not in present_ids]
    newcomers = _without_erased_names(newcomers, document, session)
    if newcomers:
        collection("participants").insert_many(
            [
                participant_document(document, one, role, document["lastSeq"], now())
                for one in newcomers
            ],
            session=session,
        )
    joined = {one.user_id: Membership(role=role, user_name=one.user_name) for one in newcomers}
    members = promoted | joined
    names = (*so_far.names, *(one.user_name for one in newcomers))[: telling.NAMED]
    count = so_far.count + len(newcomers)
    if not count:
        return members, so_far
    message_id = outbox.tell(
        session,
        document,
        telling.joined(names, count, actor),
        actor,
        earlier=so_far.message_id,
        stays_open=more_follow,
    )
    return members, Joined(names, count, message_id)


def _give_role(
    document: Document, user_ids: Sequence[str], role: Role, session: ClientSession
) -> dict[str, Membership]:
    """To those of them who are in it: their memberships as they are then."""
    among = {"conversationId": document["_id"], "userId": {"$in": list(user_ids)}}
    participants = collection("participants")
    found = list(participants.find(among, {"userId": 1, "userName": 1}, session=session))
    if found:
        participants.update_many(among, {"$set": {"role": role.value}}, session=session)
    return {one["userId"]: Membership(role=role, user_name=one["userName"]) for one in found}


def _without_erased_names(
    people: Sequence[Person], document: Document, session: ClientSession
) -> list[Person]:
    """Whoever was erased comes without a name, and the consumer is told so (decision 0023)."""
    erased = erased_among(document["tenantId"], [one.user_id for one in people], session)
    if erased:
        change = {"$addToSet": {"erased": {"$each": sorted(erased)}}}
        collection("conversations").update_one({"_id": document["_id"]}, change, session=session)
    return neutral_people(people, erased)


def _take_out(
    conversation_id: str,
    user_id: str,
    by: TokenUser | None,
    rule: Rule = policies.may_administer,
    *,
    request: KeyedRequest | None = None,
) -> None:
    """Who is in it no longer may have been removed by a process that died before it told the cache."""
    try:
        _change(conversation_id, partial(_remove, user_id), by, rule, request=request)
    except (NotFound, Forbidden) as refusal:
        if refusal.code in ("participant_not_found", "not_a_participant"):
            publish_as_stored(canonical_id(conversation_id), user_id)
        raise
    outbox.announce(canonical_id(conversation_id))


def _remove(
    user_id: str, document: Document, session: ClientSession, actor: Person | None
) -> tuple[dict[str, Membership], None]:
    _keep_an_admin(document, user_id, session)
    found = collection("participants").find_one_and_delete(
        {"conversationId": document["_id"], "userId": user_id}, session=session
    )
    if found is None:
        raise _not_a_participant()
    name = found["userName"]
    has_left = actor is not None and actor.user_id == user_id
    text = telling.left(name) if has_left else telling.removed(name, actor)
    outbox.tell(session, document, text, actor)
    return {user_id: Membership()}, None


def _keep_an_admin(document: Document, user_id: str, session: ClientSession) -> None:
    """Raises Conflict if this user is the last Admin."""
    admins = (
        collection("participants")
        .find(
            {"conversationId": document["_id"], "role": Role.ADMIN.value},
            {"userId": 1},
            session=session,
            hint=ADMINS_INDEX,
        )
        .limit(2)
    )
    admin_ids = {admin["userId"] for admin in admins}
    if user_id in admin_ids:
        check(policies.keeps_an_admin(len(admin_ids) - 1))


def _not_a_participant() -> NotFound:
    return NotFound("This user is not a participant of it", code="participant_not_found")
