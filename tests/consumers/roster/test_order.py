"""Events of the roster in another order, again, at a time, and after a crash."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from consumers.errors import RetryLater
from consumers.registry import decode_roster_entry
from consumers.roster.applying import Applied, apply_roster
from tests.consumers.conftest import Consumer, Log
from tests.consumers.roster_events import ADMIN, MEMBER, RosterTopic, School

pytestmark = pytest.mark.usefixtures("quiet")


def test_a_teacher_may_be_assigned_before_the_student_exists(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(school.assigned("teacher-1", "9B"))
    topic.deliver(school.moved("s-1", "9B"))
    earlier = school.created("s-1", "parent-1", occurredOn="2025-09-05T07:00:00Z")

    topic.deliver(earlier)

    assert school.people() == {"teacher-1": ADMIN, "parent-1": MEMBER}
    assert school.group()["classId"] == "9B"


def test_an_older_event_changes_nothing(topic: RosterTopic, school: School) -> None:
    assigned, left = school.assigned("teacher-1"), school.unassigned("teacher-1")
    topic.deliver(left, school.created("s-1", "parent-1"))
    before = school.picture()

    topic.deliver(assigned)

    assert school.picture() == before


def test_two_consumers_that_tell_of_one_class_at_a_time_leave_nothing_out(
    topic: RosterTopic, school: School
) -> None:
    other = RosterTopic(Consumer(Log("other.message.sent").topic).assigned(), "other.roster")
    students = [school.created(f"s-{number}", "parent-1") for number in range(20)]
    teachers = [school.assigned(f"teacher-{number}") for number in range(20)]

    with ThreadPoolExecutor(2) as pool:
        working = [
            pool.submit(lambda: [topic.deliver(each) for each in students]),
            pool.submit(lambda: [other.deliver(each) for each in teachers]),
        ]
        for each in working:
            each.result()

    everybody = {f"teacher-{number}": ADMIN for number in range(20)} | {"parent-1": MEMBER}
    for number in range(20):
        assert school.people(f"s-{number}") == everybody


def test_a_crash_between_the_facts_and_the_groups_is_mended_by_the_redelivery(
    topic: RosterTopic, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(Exception):
        pass

    def die(*_: Any) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr("conversations.services.roster.sync", die)
        with pytest.raises(Died):
            topic.deliver(school.assigned("teacher-1"), school.created("s-1", "parent-1"))
    assert school.groups() == []

    topic.apply(topic.records)

    assert school.people() == {"teacher-1": ADMIN, "parent-1": MEMBER}


def test_a_roster_that_takes_long_lets_the_loop_poll_and_then_goes_on(
    topic: RosterTopic, school: School
) -> None:
    records = [topic.append(*school.created(f"s-{number}", "p-1")) for number in range(120)]
    decoded = [decode_roster_entry(record, 1) for record in records]
    entries = [entry for entry in decoded if entry is not None]
    seconds = count(0, 40)

    with pytest.raises(RetryLater, match="70 more students"):
        apply_roster(entries, clock=lambda: next(seconds))
    assert len(school.groups()) == 50

    assert apply_roster(entries) == Applied(founded=70)
