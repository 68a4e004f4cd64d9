"""Plain values about conversations that cross module borders; no I/O."""

from datetime import datetime
from enum import StrEnum

import msgspec

Pair = tuple[str, str]
"""(conversationId, userId)"""


class ConversationType(StrEnum):
    ONE_TO_ONE = "OneToOne"
    STUDENT_GROUP = "StudentGroup"
    CLASS_GROUP = "ClassGroup"
    TEACHER_GROUP = "TeacherGroup"
    ANNOUNCEMENT_CHANNEL = "AnnouncementChannel"


class Role(StrEnum):
    ADMIN = "Admin"
    MEMBER = "Member"
    READ_ONLY = "ReadOnly"


class ConversationSettings(msgspec.Struct, frozen=True, rename="camel"):
    """What every request needs to know about a conversation; `version` grows with each change."""

    id: str
    tenant_id: str
    type: ConversationType
    name: str
    is_active: bool
    version: int


class Membership(msgspec.Struct, frozen=True, rename="camel"):
    """What a user is in a conversation as of `version`; role None: not a participant.

    `loaded_at`: epoch seconds at which it was read from MongoDB.
    """

    role: Role | None = None
    user_name: str | None = None
    version: int = 0
    loaded_at: float = 0.0


class LastMessage(msgspec.Struct, frozen=True, rename="camel"):
    """The newest message of a conversation, as its list shows it; `sent_at` is aware."""

    message_id: str
    seq: int
    sender_id: str
    sender_name: str | None
    content: str | None
    sent_at: datetime


class Person(msgspec.Struct, frozen=True):
    """A user as others see them."""

    user_id: str
    user_name: str
