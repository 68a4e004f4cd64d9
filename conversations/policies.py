"""Who may do what, and what a conversation is called (contract section 6). Pure: no I/O.

A rule answers None (allowed) or the refusal, an ApiError to be raised or sent.
"""

from chat_project.api.errors import ApiError, Conflict, Forbidden, InvalidRequest, NotFound
from chat_project.texts import (
    MAX_ID_LENGTH,
    MAX_NAME_UTF16_UNITS,
    exceeds_utf16,
    has_controls,
    is_unicode,
)
from conversations.values import ConversationSettings, ConversationType, Membership, Role

Refusal = ApiError

STUDENT_PREFIX = "Student: "
CLASS_PREFIX = "Class: "

NAMED_BY_PEOPLE = frozenset({ConversationType.TEACHER_GROUP, ConversationType.ANNOUNCEMENT_CHANNEL})
"""The types that can be renamed; the others are named after their people."""


def may_read(
    tenant_id: str, settings: ConversationSettings | None, membership: Membership
) -> Refusal | None:
    """Whether this tenant's user sees the conversation; an archived one stays readable."""
    if settings is None or settings.tenant_id != tenant_id:
        return conversation_not_found()
    if membership.role is None:
        return not_a_participant()
    return None


def may_send(
    tenant_id: str, settings: ConversationSettings | None, membership: Membership
) -> Refusal | None:
    """Whether this tenant's user may write into the conversation. The order is the contract's."""
    if refusal := may_read(tenant_id, settings, membership):
        return refusal
    if membership.role is Role.READ_ONLY:
        return Forbidden("You may read here, not write", code="read_only")
    if settings is not None and not settings.is_active:
        return conversation_archived()
    return None


def may_administer(
    tenant_id: str, settings: ConversationSettings | None, membership: Membership
) -> Refusal | None:
    """Whether this tenant's user may change the conversation for all.

    In a OneToOne, which has no Admin, either of the two may; what is fixed there, other rules say.
    """
    if refusal := may_read(tenant_id, settings, membership):
        return refusal
    is_pair = settings is not None and settings.type is ConversationType.ONE_TO_ONE
    if is_pair or membership.role is Role.ADMIN:
        return None
    return Forbidden("Only an Admin may do this", code="admin_required")


def role_of_newcomer(conversation_type: ConversationType) -> Role:
    """What somebody becomes when nothing else is said: in a channel parents only read."""
    is_channel = conversation_type is ConversationType.ANNOUNCEMENT_CHANNEL
    return Role.READ_ONLY if is_channel else Role.MEMBER


def may_be_renamed(conversation_type: ConversationType) -> Refusal | None:
    if conversation_type in NAMED_BY_PEOPLE:
        return None
    return Conflict(f"A {conversation_type} is not renamed", code="rename_not_allowed")


def may_change_participants(conversation_type: ConversationType) -> Refusal | None:
    if conversation_type is not ConversationType.ONE_TO_ONE:
        return None
    return Conflict(
        "A OneToOne has its two participants for ever: nobody is added, removed or given a role",
        code="participants_fixed",
    )


def keeps_an_admin(admins_left: int) -> Refusal | None:
    """`admins_left`: how many admins there would be after the change."""
    if admins_left >= 1:
        return None
    return Conflict("A group keeps at least one Admin: appoint another first", code="last_admin")


def check_name(name: str, field: str = "name") -> Refusal | None:
    """A name that people give: not blank, in one line and one direction, at most 255 UTF-16 units."""
    if not name.strip():
        return _wrong(field, "name_empty", "must not be blank")
    if has_controls(name) or not is_unicode(name):
        problem = "must not hold control characters, line breaks, marks that turn the direction of"
        return _wrong(field, "name_not_text", f"{problem} writing, or half a surrogate pair")
    if exceeds_utf16(name, MAX_NAME_UTF16_UNITS):
        return _wrong(field, "name_too_long", f"has more than {MAX_NAME_UTF16_UNITS} UTF-16 units")
    return None


def check_id(value: str, field: str) -> Refusal | None:
    """A blank is the only space that is printable."""
    is_text = 1 <= len(value) <= MAX_ID_LENGTH and value.isprintable()
    if is_text and value.strip() == value:
        return None
    problem = f"must have 1 to {MAX_ID_LENGTH} printable characters, the first and last no blank"
    return _wrong(field, "invalid_id", problem)


def one_to_one_name(first_name: str, second_name: str) -> str:
    return _cut(f"{first_name} - {second_name}")


def student_group_name(student_name: str) -> str:
    return _cut(f"{STUDENT_PREFIX}{student_name}")


def class_group_name(class_name: str) -> str:
    return _cut(f"{CLASS_PREFIX}{class_name}")


def conversation_not_found() -> NotFound:
    return NotFound("There is no such conversation", code="conversation_not_found")


def not_a_participant() -> Forbidden:
    return Forbidden("You are not a participant of it", code="not_a_participant")


def conversation_archived() -> Conflict:
    return Conflict("The conversation is archived", code="conversation_archived")


def _wrong(field: str, code: str, problem: str) -> InvalidRequest:
    return InvalidRequest(f"{field} {problem}", code=code, details={"field": field})


def _cut(name: str) -> str:
    """A name made of other names may be longer than allowed: its end gives way."""
    while exceeds_utf16(name, MAX_NAME_UTF16_UNITS):
        name = name[:-1]
    return name
