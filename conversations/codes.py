"""What the error codes of conversations mean, for the OpenAPI document."""

from chat_project.api.codes import Code, Codes
from chat_project.texts import MAX_ID_LENGTH, MAX_NAME_UTF16_UNITS

CODES: Codes = {
    "two_users_required": Code(
        400, "A OneToOne needs two different users.", {"field": "otherUserId"}
    ),
    "parent_required": Code(400, "A student group needs a parent.", {"field": "parents"}),
    "teacher_required": Code(400, "A class group needs a teacher.", {"field": "teachers"}),
    "participants_required": Code(400, "Somebody must be named.", {"field": "participants"}),
    "invalid_id": Code(
        400,
        f"An id must have 1 to {MAX_ID_LENGTH} printable characters, the first and last no blank.",
        {"field": "studentId"},
    ),
    "name_empty": Code(400, "A name must not be blank.", {"field": "name"}),
    "name_not_text": Code(
        400,
        "A name must not hold control characters, line breaks, marks that turn the direction of"
        " writing, or half a surrogate pair.",
        {"field": "name"},
    ),
    "name_too_long": Code(
        400, f"A name has more than {MAX_NAME_UTF16_UNITS} UTF-16 code units.", {"field": "name"}
    ),
    "not_a_participant": Code(403, "You are not a participant of it."),
    "read_only": Code(403, "You may read here, not write."),
    "admin_required": Code(403, "Only an Admin may do this."),
    "conversation_not_found": Code(404, "There is no such conversation."),
    "participant_not_found": Code(404, "There is no such participant."),
    "conversation_exists": Code(409, "Another conversation has this id or key."),
    "conversation_archived": Code(409, "The conversation is archived."),
    "rename_not_allowed": Code(409, "A conversation of this type is not renamed."),
    "participants_fixed": Code(409, "A OneToOne has its two participants for ever."),
    "too_many_participants": Code(
        413,
        "So many people at once are more than MongoDB's cache holds: found it with fewer, and add the"
        " others by POST {id}/participants.",
    ),
    "last_admin": Code(
        409, "A group keeps at least one Admin: appoint another first, by POST {id}/participants."
    ),
}
