"""Changes that a client may ask for twice with one idempotency key: done once."""

from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id
from conversations import services
from conversations.requests import ParticipantsRequest, newcomers, role_of
from conversations.services import KeyedRequest


def add_participants(
    user: TokenUser, conversation_id: str, body: ParticipantsRequest, key: str | None
) -> bool:
    """False: they were added before. Raises NotFound, Forbidden, Conflict, InvalidRequest, and
    Unprocessable for another request under the same key."""
    people, role = newcomers(body), role_of(body)
    request = _request(user, key, conversation_id, "add participants", body)
    return services.done_once(
        request,
        lambda: services.add_participants(conversation_id, people, role, by=user, request=request),
    )


def leave(user: TokenUser, conversation_id: str, key: str | None) -> bool:
    """The same: False for who has left before."""
    request = _request(user, key, conversation_id, "leave")
    return services.done_once(
        request, lambda: services.leave(conversation_id, user, request=request)
    )


def _request(
    user: TokenUser, key: str | None, conversation_id: str, *asked: object
) -> KeyedRequest | None:
    if key is None:
        return None
    return services.keyed_request(user, key, canonical_id(conversation_id), *asked)
