"""The OpenAPI description of the conversation endpoints; nothing here runs in a request."""

from conversations.schema.changes import (
    ADD_PARTICIPANTS,
    ARCHIVE,
    HIDE,
    LEAVE,
    MUTE,
    REMOVE_PARTICIPANT,
    RENAME,
    UNARCHIVE,
    UNHIDE,
)
from conversations.schema.founding import (
    ANNOUNCEMENT_CHANNEL,
    CLASS_GROUP,
    ONE_TO_ONE,
    STUDENT_GROUP,
    TEACHER_GROUP,
)
from conversations.schema.reads import (
    OF_CLASS,
    OF_STUDENT,
    OF_USER,
    PARTICIPANTS,
    RETRIEVE,
    SEARCH,
)

__all__ = [
    "ADD_PARTICIPANTS",
    "ANNOUNCEMENT_CHANNEL",
    "ARCHIVE",
    "CLASS_GROUP",
    "HIDE",
    "LEAVE",
    "MUTE",
    "OF_CLASS",
    "OF_STUDENT",
    "OF_USER",
    "ONE_TO_ONE",
    "PARTICIPANTS",
    "REMOVE_PARTICIPANT",
    "RENAME",
    "RETRIEVE",
    "SEARCH",
    "STUDENT_GROUP",
    "TEACHER_GROUP",
    "UNARCHIVE",
    "UNHIDE",
]
