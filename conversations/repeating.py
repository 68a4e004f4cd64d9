"""Changes that a client may ask for twice with one idempotency key: done once."""

from collections.abc import Callable

from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id
from conversations import services
from conversations.requests import ParticipantsRequest, newcomers, role_of


def add_participants(
    user: TokenUser, conversation_id: str, body: ParticipantsRequest, key: str | None
) -> bool:
    """False: they were added before. Raises NotFound, Forbidden, Conflict, InvalidRequest, and
    Unprocessable for another request under the same key."""
    people, role = newcomers(body), role_of(body)
    return _once(
        user,
        key,
        conversation_id,
        ["add participants", body],
        lambda: services.add_participants(conversation_id, people, role, by=user),
    )


def leave(user: TokenUser, conversation_id: str, key: str | None) -> bool:
    """The same: False for who has left before."""
    return _once(
        user,
        key,
        conversation_id,
        ["leave"],
        lambda: services.leave(conversation_id, user),
    )


def _once(
    user: TokenUser,
    key: str | None,
    conversation_id: str,
    asked: list[object],
    work: Callable[[], None],
) -> bool:
    """Each work may be done by two at the same time, so the key is noted after it."""
    conversation_id = canonical_id(conversation_id)
    request = services.keyed_request(user, key, conversation_id, *asked) if key else None
    if request and services.earlier_conversation(request):
        return False
    work()
    if request:
        services.remember(request, conversation_id)
    return True
