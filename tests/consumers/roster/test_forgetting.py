"""Who was erased comes back by no event of the roster (decision 0023)."""

import pytest
from bson import json_util

from chat_project.mongodb import collection
from chat_project.timestamps import now
from conversations.erased import ERASED_NAME
from conversations.services import erasure, roster
from tests.consumers.roster_events import RosterTopic, School


def facts_of(school: School) -> str:
    of_school = {"tenantId": school.tenant_id}
    names = ("roster_students", "roster_classes", "conversations", "participants")
    found = [each for name in names for each in collection(name).find(of_school)]
    return json_util.dumps(found, ensure_ascii=False)


@pytest.mark.parametrize(("user_id", "documents"), [("parent-1", 1), ("teacher-1", 2), ("s-1", 1)])
def test_a_forgotten_name_is_in_no_fact_whatever_comes_again(
    topic: RosterTopic, school: School, user_id: str, documents: int
) -> None:
    events = [school.assigned("teacher-1"), school.created("s-1", "parent-1")]
    topic.deliver(*events)
    assert f"Name of {user_id}" in facts_of(school)

    erasure.begin(school.tenant_id, user_id, by="Mai", at=now())
    erasure.erase_name(school.group()["_id"], user_id, [f"Name of {user_id}"])
    assert roster.forget(school.tenant_id, user_id) == documents
    assert roster.forget(school.tenant_id, user_id) == 0
    version = school.group()["version"]
    topic.deliver(*events)
    assert school.group()["version"] == version
    again = [school.assigned("teacher-1", isHeadTeacher=True), school.created("s-1", "parent-1")]
    topic.deliver(*again)

    assert f"Name of {user_id}" not in facts_of(school)
    assert school.people() == {"teacher-1": "Admin", "parent-1": "Member"}


def test_in_a_new_group_the_consumer_stores_no_name_of_theirs(
    topic: RosterTopic, school: School
) -> None:
    erasure.begin(school.tenant_id, "parent-1", by="Mai", at=now())
    topic.deliver(school.created("s-1", "parent-1"), school.created("s-2", "parent-2"))
    topic.deliver(school.enrolled("s-2", "parent-1"))

    for student in ("s-1", "s-2"):
        group = school.group(student)
        person = {"conversationId": group["_id"], "userId": "parent-1"}
        found = collection("participants").find_one(person)
        assert found is not None
        assert found["userName"] == ERASED_NAME
        assert group["erased"] == ["parent-1"]


def test_a_new_name_is_found_by_its_words(topic: RosterTopic, school: School) -> None:
    topic.deliver(school.created("s-1", "parent-1"))
    topic.deliver(
        school.created("s-1", studentName="Nguyễn An"),
        school.enrolled("s-1", "parent-1", parentName="Bà Lan"),
    )

    group = school.group()
    assert group["words"] == ["student", "nguyen", "an"]
    found = collection("participants").find_one({"conversationId": group["_id"]})
    assert found is not None
    assert found["words"] == ["ba", "lan"]
    assert found["tenantId"] == school.tenant_id
