"""People as they enter a conversation."""

from collections.abc import Iterable
from datetime import datetime

from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document
from conversations import policies
from conversations.policies import Refusal
from conversations.values import Person, Role


def check(refusal: Refusal | None) -> None:
    """Raises what a rule refused."""
    if refusal:
        raise refusal


def canonical_people(people: Iterable[Person]) -> list[Person]:
    """Each person once, the first mention counts; ids canonical, names trimmed.

    Raises InvalidRequest for an id or a name that is none.
    """
    found: dict[str, Person] = {}
    for person in people:
        check(policies.check_id(person.user_id, "userId"))
        check(policies.check_name(person.user_name, "userName"))
        user_id = canonical_id(person.user_id)
        found.setdefault(user_id, Person(user_id, person.user_name.strip()))
    return list(found.values())


def participant_document(
    conversation_id: str, person: Person, role: Role, last_seq: int, joined_at: datetime
) -> Document:
    """What the participant could read before joining counts as read (contract section 6)."""
    return {
        "conversationId": conversation_id,
        "userId": person.user_id,
        "userName": person.user_name,
        "role": role.value,
        "joinedSeq": last_seq,
        "readSeq": last_seq,
        "joinedAt": joined_at,
    }
