"""What staff made or changed by hand, and what the roster says of it later."""

from typing import Any

import pytest

from conversations import services
from conversations.values import Person, Role
from tests.consumers.roster_events import ADMIN, MEMBER, RosterTopic, School

pytestmark = pytest.mark.usefixtures("quiet")


def test_what_staff_did_by_hand_stays(topic: RosterTopic, school: School) -> None:
    topic.deliver(
        school.assigned("teacher-1"),
        school.assigned("teacher-2"),
        school.created("s-1", "parent-1", "parent-2"),
    )
    group_id = school.group()["_id"]
    services.remove_participant(group_id, "parent-2")
    services.remove_participant(group_id, "teacher-2")
    services.add_participants(group_id, [Person("aunt-1", "Cô Tư")], Role.MEMBER)
    services.change_role(group_id, "parent-1", Role.ADMIN)
    before = school.picture()

    topic.apply(topic.records)
    assert school.picture() == before
    topic.deliver(school.enrolled("s-1", "parent-2"), school.unassigned("teacher-2"))

    assert school.people() == {"teacher-1": ADMIN, "parent-1": ADMIN, "aunt-1": MEMBER}


def found_by_hand(school: School, **options: Any) -> str:
    return services.create_student_group(
        school.tenant_id, "s-1", "An", created_by="clerk-1", **options
    ).settings.id


def test_a_group_made_by_hand_is_taken_over_as_it_is(topic: RosterTopic, school: School) -> None:
    group_id = found_by_hand(school, parents=[Person("parent-1", "Bà Lan")])

    topic.deliver(school.assigned("teacher-1"), school.created("s-1", "parent-1", "parent-2"))

    group = school.group()
    assert (group["_id"], group["name"], group["classId"]) == (group_id, "Student: An", "9A")
    assert school.people() == {"parent-1": ADMIN, "parent-2": MEMBER, "teacher-1": ADMIN}


def test_a_teacher_joins_a_group_of_the_class_that_only_staff_knows(
    topic: RosterTopic, school: School
) -> None:
    found_by_hand(school, parents=[Person("parent-1", "Bà Lan")], class_id="9A")

    topic.deliver(school.assigned("teacher-1"))
    topic.deliver(school.assigned("teacher-2"))

    assert school.people() == {"parent-1": ADMIN, "teacher-1": ADMIN, "teacher-2": ADMIN}


def test_the_last_admin_stays_until_there_is_another(topic: RosterTopic, school: School) -> None:
    teachers = [Person("teacher-1", "Thầy Dũng")]
    parents = [Person("parent-1", "Bà Lan")]
    found_by_hand(school, parents=parents, teachers=teachers, class_id="9A")
    topic.deliver(school.assigned("teacher-1"))

    topic.deliver(school.unassigned("teacher-1"))
    before = school.picture()
    topic.apply(topic.records)
    assert school.picture() == before
    assert school.people() == {"teacher-1": ADMIN, "parent-1": MEMBER}

    topic.deliver(school.assigned("teacher-2"))

    assert school.people() == {"teacher-2": ADMIN, "parent-1": MEMBER}
