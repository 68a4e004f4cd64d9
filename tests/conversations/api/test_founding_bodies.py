"""What the body of a founding may say: whose names and ids count, and what is refused."""

from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    SignIn,
    data_of,
    error_of,
    founded,
    refusal,
    roles,
)


def test_the_founders_name_is_the_tokens(mai: Api, parent: Api) -> None:
    conversation = founded(
        mai,
        "one-to-one",
        {
            "userName": "Hiệu trưởng",
            "otherUserId": parent.user_id,
            "otherUserName": "Hoàng Thị Lan",
        },
    )

    assert conversation["name"] == "Phạm Thị Mai - Hoàng Thị Lan"


def test_a_tokens_name_is_cleaned_of_what_no_name_may_hold(api: SignIn, parent: Api) -> None:
    odd = api(tenant_id=parent.tenant_id, name="Phạm\nMai\u202e\0")
    other = {"otherUserId": parent.user_id, "otherUserName": "Lan"}

    assert founded(odd, "one-to-one", other)["name"] == "Phạm Mai - Lan"


def test_nobody_gives_themselves_another_name_in_a_list(mai: Api) -> None:
    conversation = founded(
        mai,
        "class-group",
        {
            "classId": "class-1",
            "className": "10A1",
            "teachers": [{"userId": mai.user_id.upper(), "userName": "Hiệu trưởng"}],
        },
    )

    assert [each["userName"] for each in conversation["participants"]] == ["Phạm Thị Mai"]


def test_a_token_without_a_name_needs_one_in_the_body(api: SignIn, parent: Api) -> None:
    nameless = api(tenant_id=parent.tenant_id)
    body = {"otherUserId": parent.user_id, "otherUserName": "Lan"}

    refused = nameless.post(CONVERSATIONS + "one-to-one", body)
    conversation = founded(nameless, "one-to-one", {**body, "userName": "Mai"})

    assert refusal(refused) == (400, "invalid_field")
    assert error_of(refused)["details"] == {"field": "userName"}
    assert conversation["name"] == "Mai - Lan"


def test_names_of_paths_and_fields_match_without_case_and_unknown_fields_are_ignored(
    mai: Api, parent: Api
) -> None:
    response = mai.post(
        "/API/v1/Conversations/Teacher-Group/",
        {
            "Name": "Tổ Toán",
            "TEACHERS": [{"UserID": parent.user_id, "username": "Lan", "relationship": "Mother"}],
            "isDraft": False,
        },
    )

    assert roles(data_of(response))[parent.user_id] == "Member"


PERSON = {"userId": "user-2", "userName": "Lan"}
STUDENT = {"studentId": "s", "studentName": "Anh", "parents": [PERSON]}
CLASS = {"classId": "c", "className": "10A1", "teachers": [PERSON]}

REFUSED = [
    ("one-to-one", {}, "otherUserId", "invalid_field"),
    ("one-to-one", {"otherUserId": "user-2"}, "otherUserName", "invalid_field"),
    ("one-to-one", {"otherUserId": "", "otherUserName": "A"}, "otherUserId", "invalid_id"),
    ("one-to-one", {"otherUserId": "a\nb", "otherUserName": "A"}, "otherUserId", "invalid_id"),
    ("one-to-one", {"otherUserId": "a" * 256, "otherUserName": "A"}, "otherUserId", "invalid_id"),
    ("one-to-one", {"otherUserId": "  ", "otherUserName": "A"}, "otherUserId", "invalid_id"),
    ("one-to-one", {"otherUserId": " b", "otherUserName": "A"}, "otherUserId", "invalid_id"),
    ("one-to-one", {"otherUserId": "b ", "otherUserName": "A"}, "otherUserId", "invalid_id"),
    ("one-to-one", {"otherUserId": "b", "otherUserName": " "}, "otherUserName", "name_empty"),
    ("one-to-one", {"otherUserId": 7, "otherUserName": "A"}, "otherUserId", "invalid_field"),
    ("student-group", {**STUDENT, "parents": []}, "parents", "parent_required"),
    ("student-group", {**STUDENT, "parents": None}, "parents", "parent_required"),
    ("student-group", {**STUDENT, "studentId": ""}, "studentId", "invalid_id"),
    ("student-group", {**STUDENT, "classId": ""}, "classId", "invalid_id"),
    ("student-group", {**STUDENT, "studentName": "a" * 256}, "studentName", "name_too_long"),
    ("student-group", {**STUDENT, "teachers": [{"userId": "t"}]}, "teachers[0].userName", None),
    ("class-group", {**CLASS, "teachers": []}, "teachers", "teacher_required"),
    ("class-group", {**CLASS, "className": "a\0"}, "className", "name_not_text"),
    (
        "class-group",
        {**CLASS, "members": [PERSON, {"userId": "", "userName": "A"}]},
        "members[1].userId",
        "invalid_id",
    ),
    ("teacher-group", {"name": " "}, "name", "name_empty"),
    ("teacher-group", {"name": "Tổ\nToán"}, "name", "name_not_text"),
    ("teacher-group", {"name": "Tổ\tToán"}, "name", "name_not_text"),
    ("teacher-group", {"name": "Tổ \u202eToán"}, "name", "name_not_text"),
    ("teacher-group", {"name": "Tổ \u2067Toán"}, "name", "name_not_text"),
    ("teacher-group", {"name": "Tổ \x7fToán"}, "name", "name_not_text"),
    ("teacher-group", {"name": "😀" * 128}, "name", "name_too_long"),
    ("teacher-group", {"name": "A", "teachers": "all"}, "teachers", "invalid_field"),
    ("announcement-channel", {"name": None}, "name", "invalid_field"),
    (
        "announcement-channel",
        {"name": "A", "parents": [{"userId": "p", "userName": ""}]},
        "parents[0].userName",
        "name_empty",
    ),
]


@pytest.mark.parametrize(("kind", "body", "field", "code"), REFUSED)
def test_what_breaks_a_rule_is_refused_by_its_field(
    mai: Api, kind: str, body: Any, field: str, code: str | None
) -> None:
    response = mai.post(CONVERSATIONS + kind, body)

    error = error_of(response)
    assert (response.status_code, error["code"]) == (400, code or "invalid_field")
    assert error["details"]["field"] == field
    assert field in error["message"] or code in {"parent_required", "teacher_required"}
    assert collection("conversations").count_documents({"tenantId": mai.tenant_id}) == 0


def test_a_pair_is_two_people(mai: Api) -> None:
    body = {"otherUserId": mai.user_id.upper(), "otherUserName": "Mai"}

    response = mai.post(CONVERSATIONS + "one-to-one", body)

    assert refusal(response) == (400, "two_users_required")
    assert error_of(response)["details"] == {"field": "otherUserId"}


@pytest.mark.parametrize(
    ("field", "code"),
    [("userId", "user_mismatch"), ("createdBy", "user_mismatch"), ("tenantId", "tenant_mismatch")],
)
def test_ids_in_the_body_must_be_the_tokens(mai: Api, field: str, code: str) -> None:
    own = mai.tenant_id if field == "tenantId" else mai.user_id
    body = {"name": "Tổ Toán"}

    allowed = mai.post(CONVERSATIONS + "teacher-group", {**body, field: own.upper()})
    refused = mai.post(CONVERSATIONS + "teacher-group", {**body, field: new_id()})

    assert allowed.status_code == 200
    assert refusal(refused) == (403, code)
    assert error_of(refused)["details"] == {"field": field}
