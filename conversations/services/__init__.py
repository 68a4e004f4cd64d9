"""Every change of conversations and participants.

Each function writes MongoDB first and the cache after it, and is safe beside any other. Who asks is
given as `by` and judged by the rules in `policies` in the transaction of the change.
"""

from conversations.services.bringing import bring_in
from conversations.services.founding import (
    create_announcement_channel,
    create_class_group,
    create_one_to_one,
    create_student_group,
    create_teacher_group,
)
from conversations.services.opening import Founded
from conversations.services.own_settings import hide, mute, unhide
from conversations.services.participation import (
    add_participants,
    change_role,
    leave,
    remove_participant,
)
from conversations.services.repetition import (
    KeyedRequest,
    done_once,
    earlier_conversation,
    earlier_request,
    keyed_request,
    remember,
)
from conversations.services.settings import archive, rename, unarchive

__all__ = [
    "Founded",
    "KeyedRequest",
    "add_participants",
    "archive",
    "bring_in",
    "change_role",
    "create_announcement_channel",
    "create_class_group",
    "create_one_to_one",
    "create_student_group",
    "create_teacher_group",
    "done_once",
    "earlier_conversation",
    "earlier_request",
    "hide",
    "keyed_request",
    "leave",
    "mute",
    "remember",
    "remove_participant",
    "rename",
    "unarchive",
    "unhide",
]
