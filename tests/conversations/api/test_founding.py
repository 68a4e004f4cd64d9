"""The five types over HTTP: what the answer says, who becomes what, and who gets what is there."""

from typing import Any

from chat_project.identifiers import new_id
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    SignIn,
    data_of,
    founded,
    named,
    refusal,
    roles,
    shown,
    talk,
    teacher_group,
)


def test_every_field_of_a_conversation_is_there(mai: Api, parent: Api) -> None:
    conversation = talk(mai, parent)

    created_at = conversation["createdAt"]
    assert conversation == {
        "conversationId": conversation["conversationId"],
        "type": "OneToOne",
        "name": "Phạm Thị Mai - Hoàng Thị Lan",
        "isActive": True,
        "metadata": {"studentId": None, "studentName": None, "classId": None, "className": None},
        "participants": [
            {**each, "role": "Member", "joinedAt": created_at, "lastReadAt": None}
            for each in sorted([named(mai), named(parent)], key=lambda one: one["userId"])
        ],
        "participantCount": 2,
        "lastMessage": None,
        "lastActivityAt": created_at,
        "unreadCount": 0,
        "role": "Member",
        "mutedUntil": None,
        "isHidden": False,
        "createdAt": created_at,
        "createdBy": mai.user_id,
        "updatedAt": created_at,
    }


def test_a_pair_has_one_conversation_whoever_asks(mai: Api, parent: Api, colleague: Api) -> None:
    first = talk(mai, parent)

    assert talk(mai, parent) == first
    assert talk(parent, mai)["conversationId"] == first["conversationId"]
    assert talk(mai, colleague)["conversationId"] != first["conversationId"]


def test_the_same_pair_in_another_school_has_another_conversation(
    api: SignIn, mai: Api, parent: Api
) -> None:
    elsewhere = api(user_id=mai.user_id, name="Mai")

    assert talk(elsewhere, parent)["conversationId"] != talk(mai, parent)["conversationId"]


def test_the_teachers_of_a_student_group_are_its_admins(mai: Api, parent: Api) -> None:
    student_id, class_id = new_id(), new_id()

    conversation = founded(
        mai,
        "student-group",
        {
            "studentId": student_id.upper(),
            "studentName": "Minh Anh",
            "classId": class_id,
            "parents": [named(parent)],
            "teachers": [named(mai)],
        },
    )

    assert (conversation["type"], conversation["name"]) == ("StudentGroup", "Student: Minh Anh")
    assert conversation["metadata"] == {
        "studentId": student_id,
        "studentName": "Minh Anh",
        "classId": class_id,
        "className": None,
    }
    assert roles(conversation) == {mai.user_id: "Admin", parent.user_id: "Member"}


def student_group(user: Api, parent: Api, student_id: str) -> Any:
    body = {"studentId": student_id, "studentName": "Minh Anh", "parents": [named(parent)]}
    return user.post(CONVERSATIONS + "student-group", body)


def test_a_student_has_one_group_which_only_its_people_see(
    mai: Api, parent: Api, colleague: Api
) -> None:
    student_id = new_id()
    first = data_of(student_group(parent, parent, student_id))

    again = student_group(parent, parent, student_id)
    by_a_stranger = student_group(colleague, parent, student_id)

    assert roles(first) == {parent.user_id: "Admin"}
    assert data_of(again) == first
    assert refusal(by_a_stranger) == (403, "not_a_participant")


def test_who_founds_a_group_for_others_gets_the_answer_and_no_more(mai: Api, parent: Api) -> None:
    student_id = new_id()
    conversation = data_of(student_group(mai, parent, student_id))

    assert (conversation["role"], conversation["createdBy"]) == (None, mai.user_id)
    assert data_of(student_group(mai, parent, student_id)) == conversation
    response = mai.get(CONVERSATIONS + conversation["conversationId"])
    assert refusal(response) == (403, "not_a_participant")


def test_a_student_who_changes_class_keeps_the_group(mai: Api, parent: Api) -> None:
    body = {"studentId": new_id(), "studentName": "Minh Anh", "parents": [named(parent)]}

    first = founded(mai, "student-group", {**body, "classId": "10A1"})
    again = founded(mai, "student-group", {**body, "classId": "11A1"})

    assert again == first


def test_the_teachers_of_a_class_group_are_its_admins(mai: Api, parent: Api) -> None:
    conversation = founded(
        mai,
        "class-group",
        {
            "classId": "class-1",
            "className": "10A1",
            "teachers": [named(mai)],
            "members": [named(parent), named(mai)],
        },
    )

    assert (conversation["type"], conversation["name"]) == ("ClassGroup", "Class: 10A1")
    assert conversation["metadata"]["className"] == "10A1"
    assert roles(conversation) == {mai.user_id: "Admin", parent.user_id: "Member"}


def test_the_founder_of_a_teacher_group_is_its_admin(mai: Api, colleague: Api) -> None:
    conversation = teacher_group(mai, colleague, name="  Tổ Toán ")

    assert (conversation["type"], conversation["name"]) == ("TeacherGroup", "Tổ Toán")
    assert conversation["role"] == "Admin"
    assert roles(conversation) == {mai.user_id: "Admin", colleague.user_id: "Member"}


def test_parents_only_read_an_announcement_channel(mai: Api, colleague: Api, parent: Api) -> None:
    conversation = founded(
        mai,
        "announcement-channel",
        {"name": "Thông báo", "staff": [named(colleague)], "parents": [named(parent)]},
    )

    assert roles(conversation) == {
        mai.user_id: "Admin",
        colleague.user_id: "Member",
        parent.user_id: "ReadOnly",
    }
    text = {"conversationId": conversation["conversationId"], "content": "Chào"}
    assert refusal(parent.post("/api/v1/messages/text", text)) == (403, "read_only")


def test_what_is_founded_is_there_to_be_read_and_written_at_once(mai: Api, parent: Api) -> None:
    conversation = talk(mai, parent)

    text = {"conversationId": conversation["conversationId"], "content": "Chào chị"}
    assert parent.post("/api/v1/messages/text", text).status_code == 200
    assert shown(parent, conversation["conversationId"])["createdBy"] == mai.user_id
