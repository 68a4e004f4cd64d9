"""Records of the roster that can never be applied become dead letters."""

from typing import Any

import pytest

from chat_project.mongodb import collection
from consumers.records import TopicPartition
from consumers.topics import TopicDescription
from tests.consumers.conftest import Consumer, Log
from tests.consumers.roster_events import ADMIN, CREATED, RosterTopic, School

pytestmark = pytest.mark.usefixtures("quiet")

LONG = "x" * 256

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no student": ({"studentId": None}, "malformed"),
    "no tenant": ({"tenantId": ""}, "malformed"),
    "a long id": ({"studentId": LONG}, "malformed"),
    "an id of another type": ({"classId": 7}, "malformed"),
    "an id with a line break": ({"classId": "9\nA"}, "malformed"),
    "a blank id": ({"studentId": "  "}, "malformed"),
    "an id with a blank at its end": ({"classId": "9A "}, "malformed"),
    "nothing but controls": ({"studentName": "\u202e\n"}, "malformed"),
    "a blank name": ({"studentName": "  "}, "malformed"),
    "a long name": ({"studentName": LONG}, "oversize"),
    "a parent without a name": ({"parents": [{"parentId": "p"}]}, "malformed"),
    "a parent's long name": ({"parents": [{"parentId": "p", "parentName": LONG}]}, "oversize"),
    "too many parents": (
        {"parents": [{"parentId": f"p-{n}", "parentName": "P"} for n in range(101)]},
        "oversize",
    ),
    "no date": ({"occurredOn": "yesterday"}, "malformed"),
    "a date outside the calendar": ({"occurredOn": "9999-12-31T23:59:59-01:00"}, "malformed"),
}


@pytest.mark.parametrize(("fields", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_can_never_be_applied_is_a_dead_letter(
    topic: RosterTopic, consumer: Consumer, school: School, fields: dict[str, Any], reason: str
) -> None:
    good = school.created("s-2", "parent-1")

    topic.deliver(school.created("s-1", "parent-1", **fields), good)

    [letter] = consumer.dead_letters.letters
    assert (letter.record.offset, letter.poison.reason) == (0, reason)
    stored = collection("dead_letters").find_one({"_id": letter.id}) or {}
    assert (stored["topic"], stored["eventType"]) == (topic.name, CREATED)
    assert [group["studentId"] for group in school.groups()] == ["s-2"]


def test_a_name_is_cleaned_of_controls(topic: RosterTopic, school: School) -> None:
    parents = [{"parentId": "p-1", "parentName": "Hoàng\u202e Lan\0"}]

    topic.deliver(school.created("s-1", studentName="Minh\n Anh\t", parents=parents))

    [group] = school.groups()
    assert group["name"] == "Student: Minh  Anh"
    stored = collection("participants").find({"conversationId": group["_id"]})
    assert [each["userName"] for each in stored] == ["Hoàng Lan"]


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"\xff"])
def test_what_is_no_json_object_is_a_dead_letter(
    topic: RosterTopic, consumer: Consumer, value: bytes | None
) -> None:
    topic.apply([topic.append(CREATED, value)])

    [letter] = consumer.dead_letters.letters
    assert letter.poison.reason == "malformed"


def test_unknown_event_types_are_left_alone_and_a_missing_one_is_poison(
    topic: RosterTopic, consumer: Consumer
) -> None:
    topic.apply(
        [
            topic.append("GradePublishedIntegrationEvent", b"{"),
            topic.append(None, {"tenantId": "x"}),
        ]
    )

    assert [letter.record.offset for letter in consumer.dead_letters.letters] == [1]


def test_a_redelivered_dead_letter_is_none_more(topic: RosterTopic, consumer: Consumer) -> None:
    topic.apply([topic.append(CREATED, b"{")])

    topic.apply(topic.records)

    assert len(consumer.dead_letters.letters) == 1


def test_dead_letters_of_the_roster_stop_no_consumer_however_many_follow_each_other(
    log: Log,
) -> None:
    consumer = Consumer(log.topic, run_limit=3).assigned()
    topic = RosterTopic(consumer, f"{log.topic}.roster")
    for _ in range(5):
        topic.append(CREATED, b"{")

    handled = consumer.apply(topic.records)

    assert (handled.stop, len(handled.records)) == (None, 5)
    assert len(consumer.dead_letters.letters) == 5


def test_they_do_not_stop_it_after_a_restart(log: Log) -> None:
    topic = RosterTopic(Consumer(log.topic).assigned(), f"{log.topic}.roster")
    topic.apply([topic.append(CREATED, b"{") for _ in range(3)])
    restarted = Consumer(log.topic, run_limit=3)
    restarted.handler.assigned(
        [TopicDescription(topic.name, f"id-of-{topic.name}", 3)],
        {TopicPartition(topic.name, 0): len(topic.records)},
    )

    handled = restarted.apply([topic.append(CREATED, b"{")])

    assert handled.stop is None


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_optional_id_is_none(
    topic: RosterTopic, consumer: Consumer, school: School, blank: str | None
) -> None:
    topic.deliver(school.created("s-1", "parent-1", classId=blank, createdBy=blank))

    assert consumer.dead_letters.letters == []
    assert "classId" not in school.group()
    assert school.people() == {"parent-1": ADMIN}


@pytest.mark.parametrize(
    "blank",
    [
        {"parentId": "", "parentName": "Nobody"},
        {"parentId": None, "parentName": "Nobody"},
        {"parentId": "parent-2", "parentName": "  "},
        {"parentId": "parent-2", "parentName": None},
    ],
    ids=["an empty id", "no id", "a blank name", "no name"],
)
def test_a_parent_without_an_id_or_a_name_is_left_out_and_the_others_stay(
    topic: RosterTopic,
    consumer: Consumer,
    school: School,
    blank: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    parents = [blank, {"parentId": "parent-1", "parentName": "Lan"}]

    topic.deliver(school.created("s-1", parents=parents))

    assert consumer.dead_letters.letters == []
    assert school.people() == {"parent-1": ADMIN}
    assert f"Student s-1 of {school.tenant_id}: parents[0] is left out" in caplog.text
