from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chat_project.api.errors import ApiError
from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import cache, services
from conversations.cache import Lookup
from conversations.services import Founded
from conversations.values import ConversationType, Person, Role
from tests.conversations.conftest import person

HEAD, TEACHER = person("Trần Thị Hồng Nhung"), person("Lê Văn Dũng")
MOTHER, FATHER = person("Hoàng Thị Lan"), person("Nguyễn Văn Hùng")


def roles(founded: Founded) -> dict[str, str]:
    stored = collection("participants").find({"conversationId": founded.settings.id})
    return {one["userId"]: one["role"] for one in stored}


def stored(founded: Founded) -> dict[str, Any]:
    return collection("conversations").find_one({"_id": founded.settings.id}) or {}


def student_group(tenant: str, **people: Any) -> Founded:
    student_id = people.pop("student_id", None) or new_id()
    options = {"parents": [MOTHER, FATHER], "created_by": HEAD.user_id, **people}
    return services.create_student_group(tenant, student_id, "Minh Anh", **options)


def class_group(tenant: str, **people: Any) -> Founded:
    options = {"teachers": [TEACHER], "created_by": HEAD.user_id, **people}
    return services.create_class_group(tenant, "class-1", "10A1", **options)


def test_a_one_to_one_has_its_two_members_and_their_names(tenant: str) -> None:
    founded = services.create_one_to_one(tenant, TEACHER, MOTHER)

    assert founded.settings.name == "Lê Văn Dũng - Hoàng Thị Lan"
    assert founded.settings.type is ConversationType.ONE_TO_ONE
    assert roles(founded) == {TEACHER.user_id: "Member", MOTHER.user_id: "Member"}
    first, second = sorted([TEACHER.user_id, MOTHER.user_id])
    assert stored(founded)["key"] == f"pair:{tenant}:{first}:{second}"


def test_teachers_are_the_admins_of_a_student_group(tenant: str) -> None:
    student_id = new_id()

    founded = student_group(tenant, teachers=[TEACHER], student_id=student_id)

    assert founded.settings.name == "Student: Minh Anh"
    assert roles(founded) == {
        TEACHER.user_id: "Admin",
        MOTHER.user_id: "Member",
        FATHER.user_id: "Member",
    }
    assert stored(founded)["key"] == f"student:{tenant}:{student_id}"
    assert stored(founded)["studentId"] == student_id


def test_parents_are_the_admins_of_a_student_group_without_a_teacher(tenant: str) -> None:
    assert set(roles(student_group(tenant)).values()) == {"Admin"}


def test_teachers_are_the_admins_of_a_class_group(tenant: str) -> None:
    founded = class_group(tenant, members=[MOTHER])

    assert founded.settings.name == "Class: 10A1"
    assert roles(founded) == {TEACHER.user_id: "Admin", MOTHER.user_id: "Member"}
    assert stored(founded)["classId"] == "class-1"
    assert stored(founded)["key"] == founded.settings.id


def test_the_founder_is_the_admin_of_a_teacher_group(tenant: str) -> None:
    founded = services.create_teacher_group(
        tenant, " Tổ Toán ", founder=HEAD, teachers=[HEAD, TEACHER]
    )

    assert founded.settings.name == "Tổ Toán"
    assert roles(founded) == {HEAD.user_id: "Admin", TEACHER.user_id: "Member"}


def test_parents_only_read_an_announcement_channel(tenant: str) -> None:
    founded = services.create_announcement_channel(
        tenant, "Thông báo", founder=HEAD, staff=[TEACHER], parents=[MOTHER, FATHER]
    )

    assert roles(founded) == {
        HEAD.user_id: "Admin",
        TEACHER.user_id: "Member",
        MOTHER.user_id: "ReadOnly",
        FATHER.user_id: "ReadOnly",
    }


def test_founders_start_at_zero_and_what_is_empty_is_absent(tenant: str) -> None:
    founded = services.create_one_to_one(tenant, TEACHER, MOTHER)

    conversation = stored(founded)
    assert (conversation["lastSeq"], conversation["version"]) == (0, 1)
    assert not conversation.keys() & {"lastMessage", "log", "studentId", "classId"}
    for one in collection("participants").find({"conversationId": founded.settings.id}):
        assert (one["joinedSeq"], one["readSeq"]) == (0, 0)
        assert one["joinedAt"] == conversation["createdAt"]
        assert not one.keys() & {"readAt", "mutedUntil"}


def test_there_is_one_conversation_per_pair_and_tenant(tenant: str) -> None:
    first = services.create_one_to_one(tenant, TEACHER, MOTHER)

    again = services.create_one_to_one(tenant, MOTHER, TEACHER)
    elsewhere = services.create_one_to_one(new_id(), TEACHER, MOTHER)

    assert (first.created, again.created, elsewhere.created) == (True, False, True)
    assert again.settings == first.settings
    assert elsewhere.settings.id != first.settings.id


def test_there_is_one_group_per_student_however_often_it_is_founded(tenant: str) -> None:
    first = student_group(tenant, student_id="student-1", teachers=[TEACHER])
    services.remove_participant(first.settings.id, FATHER.user_id)

    again = student_group(tenant, student_id="student-1", teachers=[TEACHER, HEAD])

    assert (again.created, again.settings.id) == (False, first.settings.id)
    assert roles(again) == {TEACHER.user_id: "Admin", MOTHER.user_id: "Member"}


@pytest.mark.parametrize(
    "found",
    [
        lambda tenant: services.create_one_to_one(tenant, TEACHER, MOTHER),
        lambda tenant: student_group(tenant, student_id="student-1"),
    ],
    ids=["pair", "student"],
)
def test_of_founders_at_the_same_time_one_founds(
    tenant: str, found: Callable[[str], Founded]
) -> None:
    with ThreadPoolExecutor(8) as threads:
        founded = list(threads.map(found, [tenant] * 8))

    assert sum(one.created for one in founded) == 1
    assert len({one.settings.id for one in founded}) == 1
    assert (
        collection("participants").count_documents({"conversationId": founded[0].settings.id})
        == len(roles(founded[0]))
        == 2
    )


def test_a_refused_founding_leaves_nothing_behind(tenant: str) -> None:
    taken = services.create_one_to_one(tenant, TEACHER, MOTHER).settings.id

    with pytest.raises(ApiError):
        services.create_teacher_group(tenant, "Tổ", founder=HEAD, conversation_id=taken)

    assert collection("participants").count_documents({"conversationId": taken}) == 2


def test_two_pairs_whose_ids_make_one_key_are_not_mixed_up(tenant: str) -> None:
    first = services.create_one_to_one(tenant, Person("a:b", "A"), Person("c", "C"))

    with pytest.raises(ApiError) as refused:
        services.create_one_to_one(tenant, Person("a", "A"), Person("b:c", "C"))

    assert first.created
    assert refused.value.code == "conversation_exists"


def test_guids_are_stored_in_lower_case_and_other_ids_as_they_are(tenant: str) -> None:
    founded = services.create_one_to_one(
        tenant.upper(), Person(TEACHER.user_id.upper(), "A"), Person("GV-01", "B")
    )

    assert founded.settings.tenant_id == tenant
    assert roles(founded) == {TEACHER.user_id: "Member", "GV-01": "Member"}


def test_a_founder_may_send_at_once(tenant: str) -> None:
    founded = services.create_one_to_one(tenant, TEACHER, MOTHER)

    found = cache.look_up([Lookup(founded.settings.id, MOTHER.user_id)])[0]

    assert (found.settings, found.membership.role) == (founded.settings, Role.MEMBER)


def test_a_channel_of_thousands_is_founded_at_once(tenant: str) -> None:
    parents = [person(f"Phụ huynh {n}") for n in range(3_000)]

    founded = services.create_announcement_channel(
        tenant, "Thông báo", founder=HEAD, parents=parents
    )

    assert collection("participants").count_documents(
        {"conversationId": founded.settings.id, "role": "ReadOnly"}
    ) == len(parents)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (lambda t: services.create_one_to_one(t, TEACHER, TEACHER), "two_users_required"),
        (lambda t: student_group(t, parents=[], teachers=[TEACHER]), "parent_required"),
        (lambda t: student_group(t, student_id="a\nb"), "invalid_id"),
        (lambda t: class_group(t, teachers=[], members=[MOTHER]), "teacher_required"),
        (lambda t: services.create_teacher_group(t, " ", founder=HEAD), "name_empty"),
        (lambda t: services.create_teacher_group(t, "a" * 256, founder=HEAD), "name_too_long"),
        (lambda t: services.create_teacher_group("", "a", founder=HEAD), "invalid_id"),
        (lambda t: services.create_teacher_group(t, "a", founder=Person("", "A")), "invalid_id"),
        (lambda t: services.create_teacher_group(t, "a", founder=Person("b", "")), "name_empty"),
    ],
    ids=[
        "one user twice",
        "no parent",
        "student id",
        "no teacher",
        "blank name",
        "long name",
        "no tenant",
        "no user id",
        "no user name",
    ],
)
def test_what_breaks_a_rule_is_refused(
    tenant: str, found: Callable[[str], Founded], code: str
) -> None:
    with pytest.raises(ApiError) as refused:
        found(tenant)

    assert (refused.value.status, refused.value.code) == (400, code)
    assert collection("conversations").count_documents({"tenantId": tenant}) == 0
