"""Records of the roster make the student groups, in whatever order and however often they come."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from chat_project.mongodb import collection
from consumers import metrics
from consumers.errors import RetryLater
from consumers.records import TopicPartition
from consumers.registry import decode_roster_entry
from consumers.roster.applying import Applied, apply_roster
from consumers.topics import TopicDescription
from conversations import cache, services
from conversations.cache import Lookup
from conversations.values import Person, Role
from tests.consumers.conftest import Consumer, Log
from tests.consumers.events import event
from tests.consumers.roster_events import CREATED, RosterTopic, School

ADMIN, MEMBER = "Admin", "Member"


@pytest.fixture
def school(database: None) -> School:
    return School()


@pytest.fixture
def topic(consumer: Consumer) -> RosterTopic:
    return RosterTopic(consumer, f"test-{uuid4().hex[:8]}.student.created")


def told(school: School) -> list[str]:
    """What waits in the outbox for the school's groups; Kafka is not asked here."""
    ids = [group["_id"] for group in school.groups()]
    found = collection("outbox").find({"conversationId": {"$in": ids}}).sort("version", 1)
    return [entry["text"] for entry in found]


@pytest.fixture(autouse=True)
def quiet(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What conversations are told stays in the outbox, until the test has looked."""
    monkeypatch.setattr(services.outbox, "announce", lambda *_: None)
    yield
    collection("outbox").delete_many({})


# --- what an event does ---------------------------------------------------------------------------


def test_a_students_group_has_the_teachers_as_admins_and_the_parents_as_members(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(
        school.assigned("teacher-1"),
        school.assigned("teacher-2", isHeadTeacher=True),
        school.created("s-1", "parent-1", "parent-2", createdBy="clerk-1"),
    )

    group = school.group()
    assert (group["name"], group["classId"]) == ("Student: Name of s-1", "9A")
    assert (group["createdBy"], group["key"]) == ("clerk-1", f"student:{school.tenant_id}:s-1")
    people = list(collection("participants").find({"conversationId": group["_id"]}).sort("_id", 1))
    assert [(each["userId"], each["role"]) for each in people] == [
        ("teacher-2", ADMIN),
        ("teacher-1", ADMIN),
        ("parent-1", MEMBER),
        ("parent-2", MEMBER),
    ]
    assert told(school) == []


def test_there_is_one_group_however_often_the_event_comes(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(school.assigned("teacher-1"), school.created("s-1", "parent-1"))
    before = school.picture()

    for _ in range(2):
        topic.apply(topic.records)

    assert school.picture() == before


def test_without_parents_there_is_no_group_until_one_comes(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(school.created("s-1"), school.created("s-2", parents=None))
    assert school.groups() == []

    topic.deliver(school.enrolled("s-1", "parent-1"))

    assert school.people("s-1") == {"parent-1": ADMIN}
    assert len(school.groups()) == 1


def test_without_a_teacher_the_parents_are_admins_until_one_comes(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(school.created("s-1", "parent-1"))
    assert school.people() == {"parent-1": ADMIN}

    topic.deliver(school.assigned("teacher-1"))

    assert school.people() == {"teacher-1": ADMIN, "parent-1": MEMBER}
    assert told(school) == ["Name of teacher-1 đã tham gia"]


def test_a_parent_who_comes_later_is_added(topic: RosterTopic, school: School) -> None:
    topic.deliver(school.assigned("teacher-1"), school.created("s-1", "parent-1"))

    topic.deliver(school.enrolled("s-1", "parent-2"))

    assert school.people() == {"teacher-1": ADMIN, "parent-1": MEMBER, "parent-2": MEMBER}


def test_a_teacher_joins_every_group_of_the_class_and_no_other(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(
        *(school.created(f"s-{number}", "parent-1") for number in range(3)),
        school.created("s-9", "parent-1", classId="9B"),
    )

    topic.deliver(school.assigned("teacher-1"))

    for number in range(3):
        assert school.people(f"s-{number}") == {"teacher-1": ADMIN, "parent-1": MEMBER}
    assert school.people("s-9") == {"parent-1": ADMIN}


def test_who_teaches_the_class_no_more_leaves_and_the_group_keeps_an_admin(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(school.assigned("teacher-1"), school.created("s-1", "parent-1"))

    topic.deliver(school.unassigned("teacher-1"))

    assert school.people() == {"parent-1": ADMIN}
    assert told(school) == ["Name of teacher-1 không còn trong nhóm"]


def test_a_student_who_changes_class_gets_the_teachers_of_the_new_one(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(
        school.assigned("teacher-1"),
        school.assigned("teacher-2"),
        school.assigned("teacher-2", "9B"),
        school.assigned("teacher-3", "9B"),
        school.created("s-1", "parent-1"),
    )

    topic.deliver(school.moved("s-1", "9B"))

    assert school.people() == {"teacher-2": ADMIN, "teacher-3": ADMIN, "parent-1": MEMBER}
    assert school.group()["classId"] == "9B"
    assert told(school) == [
        "Name of teacher-3 đã tham gia",
        "Name of teacher-1 không còn trong nhóm",
    ]


def test_later_names_win(topic: RosterTopic, school: School) -> None:
    topic.deliver(school.assigned("teacher-1"), school.created("s-1", "parent-1"))
    group = school.group()

    topic.deliver(
        school.assigned("teacher-1", teacherName="Cô Mai"),
        school.created("s-1", "parent-1", studentName="An"),
        school.enrolled("s-1", "parent-1", parentName="Bà Lan"),
    )

    assert school.group()["name"] == "Student: An"
    found = collection("participants").find({"conversationId": group["_id"]})
    assert {each["userName"] for each in found} == {"Cô Mai", "Bà Lan"}
    [known] = cache.look_up([Lookup(group["_id"], "parent-1")])
    assert known.settings is not None
    assert (known.settings.name, known.membership.user_name) == ("Student: An", "Bà Lan")


def test_ids_and_dates_are_read_as_dotnet_writes_them(topic: RosterTopic, school: School) -> None:
    student = "0199AAAA-1111-7222-8333-444455556666"

    topic.deliver(
        school.assigned("teacher-1", "ABCDEF00-1111-7222-8333-444455556666"),
        school.created(
            student,
            "0199AAAA-0000-7222-8333-444455556666",
            classId="abcdef00-1111-7222-8333-444455556666",
            occurredOn="2025-09-05T14:00:00.1234567+07:00",
            unknownField={"a": 1},
        ),
    )

    assert school.people(student.lower()) == {
        "teacher-1": ADMIN,
        "0199aaaa-0000-7222-8333-444455556666": MEMBER,
    }


def test_an_event_without_id_and_date_is_taken_as_its_record_came(
    topic: RosterTopic, school: School
) -> None:
    event_type, body = school.created("s-1", "parent-1")
    del body["id"], body["occurredOn"]

    topic.deliver((event_type, body))
    topic.deliver((event_type, body))

    assert school.people() == {"parent-1": ADMIN}


# --- order and repetition -------------------------------------------------------------------------


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


# --- groups made by hand --------------------------------------------------------------------------


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


# --- schools apart --------------------------------------------------------------------------------


def test_the_same_ids_in_two_schools_are_two_students(topic: RosterTopic, school: School) -> None:
    other = School()
    topic.deliver(
        school.assigned("teacher-1"),
        school.created("s-1", "parent-1"),
        other.created("s-1", "parent-2"),
    )

    topic.deliver(other.assigned("teacher-2"), school.moved("s-1", "9B"))

    assert school.people() == {"parent-1": ADMIN}
    assert other.people() == {"teacher-2": ADMIN, "parent-2": MEMBER}


def test_two_students_whose_ids_make_one_key_do_not_share_a_group(topic: RosterTopic) -> None:
    first, second = School("school:a-" + uuid4().hex[:6]), School()
    second.tenant_id = first.tenant_id.partition(":")[0]
    topic.deliver(first.created("s-1", "parent-1"))

    topic.deliver(second.created(f"{first.tenant_id.partition(':')[2]}:s-1", "parent-2"))

    assert first.people() == {"parent-1": ADMIN}
    keys = [each["key"] for each in second.groups() if each["studentId"].endswith(":s-1")]
    assert keys == []


# --- what is refused ------------------------------------------------------------------------------

LONG = "x" * 256

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no student": ({"studentId": None}, "malformed"),
    "no tenant": ({"tenantId": ""}, "malformed"),
    "a long id": ({"studentId": LONG}, "malformed"),
    "an id of another type": ({"classId": 7}, "malformed"),
    "an id with a line break": ({"classId": "9\nA"}, "malformed"),
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


def test_a_run_of_dead_letters_stops_the_consumer(log: Log) -> None:
    consumer = Consumer(log.topic, run_limit=3).assigned()
    topic = RosterTopic(consumer, f"{log.topic}.roster")
    for _ in range(5):
        topic.append(CREATED, b"{")

    handled = consumer.apply(topic.records)

    assert handled.stop is not None
    assert f"{topic.name} [0]" in handled.stop
    assert len(handled.records) == 3


# --- beside the messages --------------------------------------------------------------------------


def sent(result: str) -> float:
    from chat_project.metrics import messages_sent_total

    return float(messages_sent_total.labels(result)._value.get())


def test_messages_count_as_messages_and_the_roster_as_the_roster(
    topic: RosterTopic, consumer: Consumer, school: School, log: Log
) -> None:
    def roster(result: str) -> float:
        return float(metrics.roster_events.labels(result)._value.get())

    before = sent("failed"), roster("applied"), roster("dead_letter")

    topic.apply(
        [
            topic.append(*school.created("s-1", "parent-1")),
            topic.append(CREATED, b"{"),
            log.append(b"{"),
        ]
    )

    after = sent("failed"), roster("applied"), roster("dead_letter")
    assert after == tuple(value + 1 for value in before)


def test_the_message_of_a_batch_finds_what_the_roster_made_of_it(
    topic: RosterTopic, consumer: Consumer, school: School, log: Log
) -> None:
    topic.deliver(school.created("s-1", "parent-1"))
    group_id = school.group()["_id"]
    log.append(event(group_id, tenant_id=school.tenant_id, senderId="parent-1"))
    rename = topic.append(*school.enrolled("s-1", "parent-1", parentName="Bà Lan"))

    consumer.apply([*log.records, rename])

    [message] = collection("messages").find({"conversationId": group_id})
    assert message["senderName"] == "Bà Lan"


def test_the_roster_is_not_read_from_the_message_topic(
    consumer: Consumer, school: School, log: Log
) -> None:
    _, body = school.created("s-1", "parent-1")
    log.append(body, key="any", event_type=CREATED)

    consumer.apply(log.records)

    assert school.groups() == []


def test_the_platform_may_add_partitions_to_its_topic(
    topic: RosterTopic, consumer: Consumer, school: School
) -> None:
    grown = TopicDescription(topic.name, f"id-of-{topic.name}", 6)

    consumer.handler.assigned([grown], {TopicPartition(topic.name, 5): None})
    topic.deliver(school.created("s-1", "parent-1"))

    assert school.people() == {"parent-1": ADMIN}
