import pytest

from conversations import policies
from conversations.values import ConversationSettings, ConversationType, Membership, Role

SCHOOL = "school-1"


def settings(*, tenant_id: str = SCHOOL, is_active: bool = True) -> ConversationSettings:
    return ConversationSettings(
        id="c",
        tenant_id=tenant_id,
        type=ConversationType.TEACHER_GROUP,
        name="Tổ Toán",
        is_active=is_active,
        version=1,
    )


@pytest.mark.parametrize(
    ("known", "role", "status", "code"),
    [
        (None, None, 404, "conversation_not_found"),
        (settings(tenant_id="school-2"), Role.ADMIN, 404, "conversation_not_found"),
        (settings(is_active=False), None, 403, "not_a_participant"),
        (settings(is_active=False), Role.READ_ONLY, 403, "read_only"),
        (settings(is_active=False), Role.ADMIN, 409, "conversation_archived"),
    ],
    ids=["unknown", "other tenant", "not a participant", "read only", "archived"],
)
def test_sending_is_refused_in_the_order_of_the_contract(
    known: ConversationSettings | None, role: Role | None, status: int, code: str
) -> None:
    refusal = policies.may_send(SCHOOL, known, Membership(role))

    assert refusal
    assert (refusal.status, refusal.code) == (status, code)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER])
def test_admins_and_members_may_send(role: Role) -> None:
    assert policies.may_send(SCHOOL, settings(), Membership(role)) is None


def test_an_archived_conversation_can_be_read_by_every_participant() -> None:
    archived = settings(is_active=False)

    assert policies.may_read(SCHOOL, archived, Membership(Role.READ_ONLY)) is None


@pytest.mark.parametrize("kind", ConversationType)
def test_only_teacher_groups_and_channels_are_renamed(kind: ConversationType) -> None:
    allowed = kind in {ConversationType.TEACHER_GROUP, ConversationType.ANNOUNCEMENT_CHANNEL}

    assert (policies.may_be_renamed(kind) is None) is allowed


@pytest.mark.parametrize("kind", ConversationType)
def test_only_the_participants_of_a_one_to_one_are_fixed(kind: ConversationType) -> None:
    allowed = kind is not ConversationType.ONE_TO_ONE

    assert (policies.may_change_participants(kind) is None) is allowed


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_empty"),
        (" \t\n", "name_empty"),
        ("a\0b", "name_not_text"),
        ("a\ud800b", "name_not_text"),
        ("a\nb", "name_not_text"),
        ("a\tb", "name_not_text"),
        ("a\x85b", "name_not_text"),
        ("a\u202eb", "name_not_text"),
        ("a\u2066b", "name_not_text"),
        ("a" * 256, "name_too_long"),
        ("😀" * 128, "name_too_long"),
    ],
    ids=[
        *("empty", "blank", "NUL", "half a pair"),
        *("line break", "tab", "control", "direction", "isolate"),
        *("256 letters", "128 pairs"),
    ],
)
def test_a_name_that_is_none_is_refused(name: str, code: str) -> None:
    refusal = policies.check_name(name)

    assert refusal
    assert refusal.code == code


@pytest.mark.parametrize("name", ["Tổ Toán", "a" * 255, "😀" * 127 + "a"])
def test_names_count_in_utf16_units(name: str) -> None:
    assert policies.check_name(name) is None


def test_a_name_made_of_long_names_is_cut() -> None:
    name = policies.one_to_one_name("a" * 255, "😀" * 100)

    assert policies.check_name(name) is None
    assert name.startswith("a" * 255)
