"""Every change of conversations and participants.

Each function writes MongoDB first and the cache after it, and is safe beside any other. The rules
about who asks are in `policies`; a door checks them before it calls.
"""

from conversations.services.founding import (
    create_announcement_channel,
    create_class_group,
    create_one_to_one,
    create_student_group,
    create_teacher_group,
)
from conversations.services.opening import Founded
from conversations.services.participation import (
    add_participants,
    change_role,
    remove_participant,
)
from conversations.services.settings import archive, rename, unarchive

__all__ = [
    "Founded",
    "add_participants",
    "archive",
    "change_role",
    "create_announcement_channel",
    "create_class_group",
    "create_one_to_one",
    "create_student_group",
    "create_teacher_group",
    "remove_participant",
    "rename",
    "unarchive",
]
