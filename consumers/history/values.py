"""Values as the replaced system's documents hold them, read without believing in them. Pure.

Guids are binary: subtype 3 in the byte order of C#, or subtype 4. Enums are numbers from 1 on. Lists
may be missing, null or arrays.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from bson.binary import OLD_UUID_SUBTYPE, UUID_SUBTYPE, Binary

from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document
from conversations.values import ConversationType, Role

GUID_BYTES = 16

MAX_WHOLE_NUMBER = 2**53
"""Up to here a double has every one. MongoDB takes integers of 64 bits at most."""

CONVERSATION_TYPES = (
    ConversationType.ONE_TO_ONE,
    ConversationType.STUDENT_GROUP,
    ConversationType.CLASS_GROUP,
    ConversationType.TEACHER_GROUP,
    ConversationType.ANNOUNCEMENT_CHANNEL,
)
ROLES = (Role.MEMBER, Role.ADMIN, Role.READ_ONLY)
MESSAGE_TYPES = ("Text", "Image", "Video", "Audio", "File", "System")
"""All three in the order of the replaced system's numbers."""

T = TypeVar("T", bound=str)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def guid_of(value: object) -> str | None:
    """An id in our form: lower case with hyphens; other texts as they are. None: it is no id."""
    if isinstance(value, Binary) and len(value) == GUID_BYTES:
        if value.subtype == OLD_UUID_SUBTYPE:
            return str(UUID(bytes_le=bytes(value)))
        return str(UUID(bytes=bytes(value))) if value.subtype == UUID_SUBTYPE else None
    if isinstance(value, str) and value.strip():
        return canonical_id(value)
    return None


def forms_of(id_: str) -> list[Any]:
    """The forms in which the replaced system may hold this id; as a text in upper or lower case."""
    try:
        guid = UUID(id_)
    except ValueError:
        return [id_]
    if str(guid) != id_:  # written otherwise it is an id of its own, as for `guid_of`
        return [id_]
    binary = Binary(guid.bytes_le, OLD_UUID_SUBTYPE), Binary(guid.bytes, UUID_SUBTYPE)
    return [*binary, id_, id_.upper()]


def member_of(members: Sequence[T], value: object) -> T | None:
    """The enum's member with this number, counted from 1, or this name."""
    number = whole_number(value)
    if number is not None and 1 <= number <= len(members):
        return members[number - 1]
    return next((each for each in members if each == value), None)


def text(value: object) -> str | None:
    """None for an empty one, too."""
    return value if isinstance(value, str) and value else None


def moment(value: object) -> datetime | None:
    """None also for a date that no calendar of Python knows."""
    return value if isinstance(value, datetime) else None


def moment_since_1970(value: object) -> datetime | None:
    """.NET's default date, in the year 1, stands for none."""
    found = moment(value)
    return found if found is not None and found > _EPOCH else None


def whole_number(value: object) -> int | None:
    """From 0 to MAX_WHOLE_NUMBER, also of a double; what counts or places something is no other."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    is_whole = 0 <= value <= MAX_WHOLE_NUMBER and value == int(value)
    return int(value) if is_whole else None


def documents(value: object) -> list[Document]:
    """The documents of a list; what else stands in it is left out."""
    listed = value if isinstance(value, list) else ()
    return [each for each in listed if isinstance(each, dict)]


def document(value: object) -> Document:
    return value if isinstance(value, dict) else {}


def milliseconds(given: datetime) -> int:
    """Since 1970."""
    since = given - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000
