"""People as they enter a conversation."""

from collections.abc import Iterable
from datetime import datetime

from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document
from conversations import policies
from conversations.policies import Refusal
from conversations.values import Person, Role
from conversations.words import search_words


def check(refusal: Refusal | None) -> None:
    """Raises what a rule refused."""
    if refusal:
        raise refusal


def canonical_person(
    person: Person, id_field: str = "userId", name_field: str = "userName"
) -> Person:
    """Id canonical, name trimmed. Raises InvalidRequest, by these fields, for one that is none."""
    check(policies.check_id(person.user_id, id_field))
    check(policies.check_name(person.user_name, name_field))
    return Person(canonical_id(person.user_id), person.user_name.strip())


def canonical_people(people: Iterable[Person], field: str) -> list[Person]:
    """Each person once, the first mention counts. Raises InvalidRequest for `field[n].userId`."""
    found: dict[str, Person] = {}
    for index, given in enumerate(people):
        place = f"{field}[{index}]"
        person = canonical_person(given, f"{place}.userId", f"{place}.userName")
        found.setdefault(person.user_id, person)
    return list(found.values())


def participant_document(
    conversation: Document, person: Person, role: Role, last_seq: int, joined_at: datetime
) -> Document:
    """What the participant could read before joining counts as read (contract section 6)."""
    return {
        "conversationId": conversation["_id"],
        "tenantId": conversation["tenantId"],
        "userId": person.user_id,
        "userName": person.user_name,
        "words": search_words(person.user_name),
        "role": role.value,
        "joinedSeq": last_seq,
        "readSeq": last_seq,
        "joinedAt": joined_at,
    }
