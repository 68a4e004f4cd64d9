"""Events that are dated in the future: they win no longer than their record's time allows."""

import logging
from datetime import timedelta
from itertools import permutations

import msgspec
import pytest

from consumers.records import Record
from consumers.registry import decode_roster_entry
from consumers.roster.decoding import MAX_AHEAD
from tests.consumers.roster_events import ADMIN, CAME_AT, MEMBER, RosterTopic, School

pytestmark = pytest.mark.usefixtures("quiet")

FAR = "9999-12-31T23:59:59.9999999Z"


def records_of(topic: RosterTopic, school: School) -> list[Record]:
    """A student with a teacher, who is unassigned as of the year 9999, and assigned an hour later."""
    left_type, left = school.unassigned("teacher-1")
    later = CAME_AT + timedelta(hours=1)
    came_back = school.assigned("teacher-1", occurredOn=later.isoformat())
    return [
        topic.append(*school.created("s-1", "parent-1")),
        topic.append(*school.assigned("teacher-1")),
        topic.append(left_type, {**left, "occurredOn": FAR}),
        topic.append(*came_back, came_at=later),
    ]


def test_an_event_of_the_future_does_not_win_against_what_happens_later(
    topic: RosterTopic, school: School, caplog: pytest.LogCaptureFixture
) -> None:
    records = records_of(topic, school)
    with caplog.at_level(logging.WARNING):
        topic.apply(records[:3])
    assert school.people() == {"parent-1": ADMIN}
    assert "is dated 9999-12-31T23:59:59.999000+00:00, ahead of its record" in caplog.text

    topic.apply(records[3:])

    assert school.people() == {"teacher-1": ADMIN, "parent-1": MEMBER}


def test_the_order_in_which_they_come_changes_nothing(topic: RosterTopic) -> None:
    for order in permutations(range(4)):
        school = School()
        records = records_of(topic, school)

        for each in order:
            topic.apply([records[each]])

        assert school.people() == {"teacher-1": ADMIN, "parent-1": MEMBER}, order


@pytest.mark.parametrize("ahead", [-1, 0, 1], ids=["within", "at the limit", "beyond"])
def test_a_clock_may_be_five_minutes_ahead(topic: RosterTopic, school: School, ahead: int) -> None:
    dated = CAME_AT + MAX_AHEAD + timedelta(milliseconds=ahead)
    kind, body = school.assigned("teacher-1")

    entry = decode_roster_entry(topic.append(kind, {**body, "occurredOn": dated.isoformat()}), 1)

    assert entry is not None
    assert entry.fact.version.at == min(dated, CAME_AT + MAX_AHEAD)
    assert entry.dated == (dated if ahead > 0 else None)


def test_a_record_without_a_time_is_taken_as_it_is_dated(
    topic: RosterTopic, school: School
) -> None:
    kind, body = school.assigned("teacher-1")
    record = msgspec.structs.replace(topic.append(kind, body), timestamp_ms=-1)

    entry = decode_roster_entry(record, 1)

    assert entry is not None
    assert (entry.fact.version.at.year, entry.dated) == (2025, None)
