"""The user's own list: its order, its pages, its filters, and the count of what is unread."""

from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.timestamps import format_timestamp
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    SignIn,
    data_of,
    error_of,
    founded,
    ids,
    listed,
    minutes_after_noon,
    named,
    page_of,
    refusal,
    say,
    shown,
    talk,
    teacher_group,
)


def found_at(conversation: Any, minute: float) -> None:
    collection("conversations").update_one(
        {"_id": conversation["conversationId"]},
        {"$set": {"createdAt": minutes_after_noon(minute)}},
    )


def test_the_last_active_comes_first(mai: Api, colleague: Api, parent: Api) -> None:
    quiet, old, new = teacher_group(mai), teacher_group(mai), talk(mai, parent)
    found_at(quiet, 5)
    say(old["conversationId"], 1, sender=mai, at=minutes_after_noon(1))
    say(new["conversationId"], 1, sender=mai, at=minutes_after_noon(9))

    found = listed(mai)

    assert ids(found) == ids([new, quiet, old])
    moments = [format_timestamp(minutes_after_noon(minute)) for minute in (9, 5, 1)]
    assert [each["lastActivityAt"] for each in found] == moments
    assert [bool(each["lastMessage"]) for each in found] == [True, False, True]


def test_conversations_of_one_moment_have_one_order(mai: Api) -> None:
    groups = [teacher_group(mai) for _ in range(5)]
    for group in groups:
        found_at(group, 1)

    assert ids(listed(mai)) == sorted(ids(groups), reverse=True)


def test_an_item_says_what_the_conversation_itself_says(
    mai: Api, colleague: Api, parent: Api
) -> None:
    pair, group = talk(mai, parent), teacher_group(mai, colleague)
    for conversation in (pair, group):
        say(conversation["conversationId"], 1, sender=colleague)

    items = {each["conversationId"]: each for each in listed(mai)}

    assert items[pair["conversationId"]] == shown(mai, pair["conversationId"])
    alone = shown(mai, group["conversationId"])
    assert items[group["conversationId"]] == {**alone, "participants": []}


def test_unread_are_others_undeleted_messages_after_the_read_position(
    mai: Api, colleague: Api
) -> None:
    group = teacher_group(mai, colleague)["conversationId"]
    say(group, 1, sender=colleague)
    say(group, 2, sender=colleague)
    say(group, 3, sender=mai)
    say(group, 4, sender=colleague, isDeleted=True)
    say(group, 5, sender=colleague)
    pair = {"conversationId": group, "userId": mai.user_id}
    collection("participants").update_one(pair, {"$set": {"readSeq": 1}})

    counts = [listed(user)[0]["unreadCount"] for user in (mai, colleague)]

    assert counts == [2, 1]


def test_unread_is_counted_for_each_conversation_alone(mai: Api, colleague: Api) -> None:
    groups = ids([teacher_group(mai, colleague) for _ in range(4)])
    for unread, group in enumerate(groups):
        for seq in range(1, unread + 1):
            say(group, seq, sender=colleague, at=minutes_after_noon(seq))

    counts = {each["conversationId"]: each["unreadCount"] for each in listed(mai)}

    assert counts == dict(zip(groups, range(4), strict=True))


def test_a_list_has_pages(mai: Api) -> None:
    groups = [teacher_group(mai, name=f"Tổ {n}") for n in range(5)]
    for minute, group in enumerate(groups):
        found_at(group, minute)
    newest_first = ids(groups)[::-1]

    pages = [page_of(mai, pageNumber=number, pageSize=2) for number in (1, 2, 3, 4)]

    assert [ids(page["items"]) for page in pages] == [
        newest_first[:2],
        newest_first[2:4],
        newest_first[4:],
        [],
    ]
    assert pages[2] | {"items": []} == {
        "items": [],
        "totalCount": 5,
        "page": 3,
        "pageSize": 2,
        "totalPages": 3,
        "hasPreviousPage": True,
        "hasNextPage": False,
    }
    assert pages[0]["hasNextPage"] is True
    assert pages[0]["hasPreviousPage"] is False


def test_twenty_are_on_a_page_by_default(mai: Api) -> None:
    for n in range(21):
        teacher_group(mai, name=f"Tổ {n}")

    page = page_of(mai)

    assert (len(page["items"]), page["pageSize"], page["totalPages"]) == (20, 20, 2)


def test_nobody_has_an_empty_list(api: SignIn) -> None:
    assert page_of(api()) == {
        "items": [],
        "totalCount": 0,
        "page": 1,
        "pageSize": 20,
        "totalPages": 0,
        "hasPreviousPage": False,
        "hasNextPage": False,
    }


def test_a_type_is_asked_for_without_case(mai: Api, parent: Api) -> None:
    teacher_group(mai)
    pair = talk(mai, parent)

    assert ids(listed(mai, TYPE="onetoone")) == [pair["conversationId"]]
    assert page_of(mai, type="ClassGroup")["totalCount"] == 0
    assert page_of(mai, type="")["totalCount"] == 2


def test_archived_ones_are_listed_when_asked_for(mai: Api) -> None:
    active, archived = teacher_group(mai), teacher_group(mai)
    mai.put(f"{CONVERSATIONS}{archived['conversationId']}/archive")

    assert ids(listed(mai)) == [active["conversationId"]]
    assert set(ids(listed(mai, includeArchived="TRUE"))) == set(ids([active, archived]))
    assert ids(listed(mai, includeArchived="false")) == [active["conversationId"]]


def test_one_user_of_two_schools_sees_one_at_a_time(api: SignIn, mai: Api) -> None:
    elsewhere = api(user_id=mai.user_id, name="Mai")
    here, there = teacher_group(mai), teacher_group(elsewhere)

    assert ids(listed(mai)) == [here["conversationId"]]
    assert ids(listed(elsewhere)) == [there["conversationId"]]


def test_who_was_removed_does_not_see_it_any_more(mai: Api, colleague: Api) -> None:
    group = teacher_group(mai, colleague)["conversationId"]
    assert ids(listed(colleague)) == [group]

    mai.delete(f"{CONVERSATIONS}{group}/participants/{colleague.user_id}")

    assert listed(colleague) == []


def test_a_list_is_its_users_own(mai: Api, colleague: Api) -> None:
    response = mai.get(f"{CONVERSATIONS}user/{colleague.user_id}")
    own = mai.get(f"{CONVERSATIONS}user/{mai.user_id.upper()}")

    assert refusal(response) == (403, "user_mismatch")
    assert error_of(response)["details"] == {"field": "userId"}
    assert own.status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"pageSize": "0"}, "pageSize"),
        ({"pageSize": "201"}, "pageSize"),
        ({"pageNumber": "0"}, "pageNumber"),
        ({"type": "Group"}, "type"),
        ({"includeArchived": "maybe"}, "includeArchived"),
    ],
)
def test_a_wrong_query_is_refused_by_its_name(mai: Api, query: Any, field: str) -> None:
    response = mai.get(f"{CONVERSATIONS}user/{mai.user_id}", **query)

    assert refusal(response) == (400, "invalid_field")
    assert error_of(response)["details"] == {"field": field}


def test_a_student_is_looked_up_by_id(mai: Api, parent: Api, colleague: Api) -> None:
    student_id = new_id()
    student = {"studentId": student_id, "studentName": "Minh Anh", "classId": "10A1"}
    people = {"parents": [named(parent)], "teachers": [named(mai)]}
    group = founded(mai, "student-group", {**student, **people})
    founded(mai, "student-group", {**student, **people, "studentId": new_id()})

    def about(user: Api) -> Any:
        return data_of(user.get(f"{CONVERSATIONS}student/{student_id.upper()}"))

    assert ids(about(parent)["items"]) == [group["conversationId"]]
    assert about(mai)["totalCount"] == 1
    assert about(colleague)["items"] == [], "who is not in it sees nothing of it"


def test_a_class_is_looked_up_by_id(mai: Api, parent: Api, colleague: Api) -> None:
    class_id = new_id()
    student = {"studentId": new_id(), "studentName": "Minh Anh", "classId": class_id}
    own = founded(mai, "student-group", {**student, "parents": [named(parent)]})
    people = {"teachers": [named(mai)], "members": [named(parent)]}
    whole = founded(mai, "class-group", {"classId": class_id, "className": "10A1", **people})

    def about(user: Api, **query: Any) -> list[str]:
        return ids(data_of(user.get(f"{CONVERSATIONS}class/{class_id}", **query))["items"])

    assert set(about(parent)) == set(ids([own, whole]))
    assert about(parent, type="ClassGroup") == [whole["conversationId"]]
    assert about(mai) == [whole["conversationId"]]
    assert about(colleague) == []


@pytest.mark.parametrize("kind", ["student", "class"])
def test_another_schools_student_or_class_of_the_same_id_is_not_shown(
    api: SignIn, mai: Api, kind: str
) -> None:
    elsewhere = api(user_id=mai.user_id, name="Mai")
    bodies = {
        "student": {"studentId": "1", "studentName": "Anh", "parents": [named(mai)]},
        "class": {"classId": "1", "className": "10A1", "teachers": [named(mai)]},
    }
    founded(mai, f"{kind}-group", bodies[kind])

    assert data_of(mai.get(f"{CONVERSATIONS}{kind}/1"))["totalCount"] == 1
    assert data_of(elsewhere.get(f"{CONVERSATIONS}{kind}/1"))["totalCount"] == 0
