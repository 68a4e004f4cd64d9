"""How the lists are read: each query by its index, nothing sorted, scanned or counted in full."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.test import Client

from chat_project import mongodb
from chat_project.identifiers import new_id
from chat_project.mongodb import Document, collection
from chat_project.timestamps import now
from consumers.admin.finding import reading_of as letters_of
from consumers.admin.finding import searches
from consumers.errors import Reason
from consumers.letters.counting import open_letters
from consumers.letters.selection import State
from conversations import services
from conversations.admin.finding import Activity, Asked, reading_among, reading_of
from conversations.admin.people import of_conversation
from conversations.admin.searching import candidates, people_found
from conversations.values import ConversationType
from staff.admin.audit import reading_of as entries_of
from staff.admin.audit import searched
from staff.filters import schools
from staff.found import MAX_COUNTED, Reading
from staff.scope import EVERYTHING, Scope
from tests.staff.conftest import AUDIT, CONVERSATIONS, LETTERS, PARTICIPANTS, School, person

OWN = Scope("school-1")
NOW = now()

TENANT_LISTS = {
    "own school": Asked(OWN),
    "own, a type": Asked(OWN, type=ConversationType.STUDENT_GROUP),
    "own, archived": Asked(OWN, is_active=False),
    "own, active of a type": Asked(OWN, type=ConversationType.ONE_TO_ONE, is_active=True),
    **{f"own, {each}": Asked(OWN, activity=each) for each in Activity},
    "own, active last week": Asked(OWN, is_active=True, activity=Activity.WEEK),
}
ALL_LISTS = {
    "every school": Asked(EVERYTHING),
    "all, a type": Asked(EVERYTHING, type=ConversationType.STUDENT_GROUP),
    "all, archived": Asked(EVERYTHING, is_active=False),
    "all, a type archived": Asked(EVERYTHING, type=ConversationType.CLASS_GROUP, is_active=False),
}
READINGS: dict[str, tuple[str, Reading]] = {
    **{
        name: ("conversations", reading_of(asked, NOW))
        for name, asked in {**TENANT_LISTS, **ALL_LISTS}.items()
    },
    "found by a search": ("conversations", reading_among(Asked(OWN), ["a", "b"], NOW)),
    "found, filtered": (
        "conversations",
        reading_among(Asked(EVERYTHING, is_active=True, activity=Activity.DAY), ["a", "b"], NOW),
    ),
    "participants": ("participants", of_conversation("c", None)),
    "participants of a role": ("participants", of_conversation("c", "Admin")),
    "letters": ("dead_letters", letters_of(EVERYTHING, None, State.OPEN)),
    "letters of a reason": ("dead_letters", letters_of(EVERYTHING, Reason.MALFORMED, State.OPEN)),
    "letters of any state": ("dead_letters", letters_of(EVERYTHING, None, None)),
    "own letters": ("dead_letters", letters_of(OWN, None, State.OPEN)),
    "own letters of a reason": ("dead_letters", letters_of(OWN, Reason.MALFORMED, State.OPEN)),
    "own letters of any state": ("dead_letters", letters_of(OWN, None, None)),
    "audit log": ("audit_log", entries_of(EVERYTHING)),
    "own audit log": ("audit_log", entries_of(OWN)),
    "audit log of a target": ("audit_log", searched(OWN, "target", "x")),
    "audit log of a person": ("audit_log", searched(OWN, "by", "x")),
}


def stages(plan: Any) -> Iterator[str]:
    """Of an explained plan, wherever the server puts it."""
    if isinstance(plan, dict):
        if isinstance(plan.get("stage"), str):
            yield plan["stage"]
        for value in plan.values():
            yield from stages(value)
    elif isinstance(plan, list):
        for value in plan:
            yield from stages(value)


@pytest.mark.parametrize(("name", "reading"), READINGS.values(), ids=READINGS.keys())
def test_a_page_is_read_in_the_order_of_an_index(
    database: None, name: str, reading: Reading
) -> None:
    found = collection(name).find(reading.query, hint=reading.index, sort=reading.sort).limit(50)

    plan = set(stages(found.explain()["queryPlanner"]["winningPlan"]))

    assert plan & {"IXSCAN", "IDHACK"}, plan
    assert not plan & {"SORT", "COLLSCAN"}, plan


@pytest.mark.parametrize(("name", "reading"), READINGS.values(), ids=READINGS.keys())
def test_a_count_is_bounded_and_reads_the_index(
    database: None, name: str, reading: Reading
) -> None:
    pipeline: list[Document] = [
        {"$match": reading.query},
        {"$limit": MAX_COUNTED},
        {"$group": {"_id": 1, "n": {"$sum": 1}}},
    ]
    command: Document = {"aggregate": name, "pipeline": pipeline, "cursor": {}}
    told = mongodb.database().command({**command, "hint": reading.index, "explain": True})

    assert "COLLSCAN" not in set(stages(told))


@pytest.fixture
def profiled(database: None) -> Iterator[Any]:
    """Gives every find, count and aggregation of the session's database since the start."""
    session = mongodb.database()
    session.drop_collection("system.profile")
    session.command("profile", 2)
    names = ("conversations", "participants", "messages", "dead_letters", "audit_log", "outbox")
    spaces = [f"{session.name}.{each}" for each in names]

    def read() -> list[Document]:
        session.command("profile", 0)
        query = {"op": {"$in": ["query", "command"]}, "ns": {"$in": spaces}}
        return list(session["system.profile"].find(query))

    yield read
    session.command("profile", 0)


SEARCHES = ["toan", "to toan", "tuyet ma", "0199aaaa-0001-7000-8000-000000000001", "không có gì"]


@pytest.mark.parametrize("scope", [OWN, EVERYTHING], ids=["own school", "every school"])
@pytest.mark.parametrize("term", SEARCHES)
def test_every_part_of_a_search_uses_an_index(profiled: Any, scope: Scope, term: str) -> None:
    candidates(scope, term)
    people_found(scope, term)

    assert_served(profiled())


def assert_served(commands: Sequence[Document]) -> None:
    assert commands
    for each in commands:
        assert "COLLSCAN" not in each.get("planSummary", ""), each
        assert not each.get("hasSortStage"), each


PAGES = {
    "conversations": (CONVERSATIONS, {}),
    "a search": (CONVERSATIONS, {"q": "tổ toán"}),
    "a type": (CONVERSATIONS, {"type__exact": "StudentGroup"}),
    "archived": (CONVERSATIONS, {"is_active__exact": "0"}),
    "never written": (CONVERSATIONS, {"activity": "never"}),
    "sorted by a column": (CONVERSATIONS, {"o": "1.-2.3"}),
    "with counts of filters": (CONVERSATIONS, {"_facets": "True"}),
    "all on one page": (CONVERSATIONS, {"all": ""}),
    "participants": (PARTICIPANTS, {}),
    "a person": (PARTICIPANTS, {"q": "tuyết mai"}),
    "letters": (LETTERS, {}),
    "letters of a reason": (LETTERS, {"reason__exact": "malformed", "state": "all"}),
    "audit log": (AUDIT, {}),
    "start": ("/admin/", {}),
}


@pytest.mark.parametrize("who", ["staff", "superuser"])
@pytest.mark.parametrize(("path", "query"), PAGES.values(), ids=PAGES.keys())
def test_no_page_scans_or_sorts(
    request: pytest.FixtureRequest,
    own: School,
    who: str,
    path: str,
    query: dict[str, str],
    profiled: Any,
) -> None:
    client: Client = request.getfixturevalue(who)
    client.get(path, query)  # the first one also looks up content types
    profiled()
    mongodb.database().command("profile", 2)

    assert client.get(path, query).status_code == 200

    for each in profiled():
        assert "COLLSCAN" not in each.get("planSummary", ""), each
        assert not each.get("hasSortStage"), each


@pytest.mark.parametrize("scope", [OWN, EVERYTHING], ids=["own school", "every school"])
def test_a_search_for_a_letter_uses_its_indexes(database: None, scope: Scope) -> None:
    for query, index in searches(scope, "9:0:1"):
        plan = collection("dead_letters").find(query, hint=index).explain()
        found = set(stages(plan["queryPlanner"]["winningPlan"]))
        assert not found & {"SORT", "COLLSCAN"}, found


def test_schools_are_told_by_a_look_at_the_index_for_each(own: School) -> None:
    told = mongodb.database().command({"explain": {"distinct": "conversations", "key": "tenantId"}})

    assert "DISTINCT_SCAN" in set(stages(told))
    assert own.tenant_id in schools("conversations")


def test_open_letters_are_counted_on_keys_alone(own: School, profiled: Any) -> None:
    assert open_letters(own.tenant_id) == 1

    [command] = profiled()
    assert command["docsExamined"] <= 1, json.dumps(command, default=str)


def shown(client: Client, **query: str) -> list[str]:
    return [one.pk for one in client.get(CONVERSATIONS, query).context["cl"].result_list]


def test_pages_follow_each_other_without_gap_or_double(own: School, staff: Client) -> None:
    groups = [
        services.create_teacher_group(own.tenant_id, f"Nhóm {n}", founder=own.teacher).settings.id
        for n in range(60)
    ]
    first, second = shown(staff), shown(staff, p="2")

    assert first + second == [*reversed(groups), own.group.id]
    page = staff.get(CONVERSATIONS)
    assert page.context["cl"].result_count == 61
    assert staff.get(CONVERSATIONS, {"p": "3"}).status_code == 302, "there is no third page"


def test_filters_by_last_activity(own: School, staff: Client) -> None:
    from datetime import timedelta

    ages = {"day": 0, "week": 3, "month": 20, "longer": 40}
    rooms = {}
    for name, days in ages.items():
        room = services.create_teacher_group(own.tenant_id, name, founder=own.teacher).settings.id
        last = {"messageId": "m", "seq": 1, "sentAt": now() - timedelta(days=days, minutes=1)}
        collection("conversations").update_one({"_id": room}, {"$set": {"lastMessage": last}})
        rooms[name] = room

    assert shown(staff, activity="day") == [rooms["day"]]
    assert shown(staff, activity="week") == [rooms["day"], rooms["week"]]
    assert shown(staff, activity="month") == [rooms["day"], rooms["week"], rooms["month"]]
    assert shown(staff, activity="longer") == [rooms["longer"]]
    assert shown(staff, activity="never") == [own.group.id]
    assert shown(staff, activity="week", q="week") == [rooms["week"]]


def test_words_are_found_without_diacritics_in_any_order_and_by_the_beginning_of_the_last(
    own: School, staff: Client
) -> None:
    name = "Đội tuyển Học sinh giỏi"
    wanted = services.create_teacher_group(own.tenant_id, name, founder=own.teacher).settings.id

    for term in ("hoc sinh", "giỏi tuyển", "DOI", "đội tuy", "sinh gio"):
        assert shown(staff, q=term) == [wanted], term
    assert shown(staff, q="hoc vien") == []


def test_students_and_classes_are_found_by_id_and_name(own: School, staff: Client) -> None:
    student, class_id = new_id(), new_id()
    of_student = services.create_student_group(
        own.tenant_id,
        student,
        "Nguyễn Minh Anh",
        parents=[person()],
        created_by=own.teacher.user_id,
        class_id=class_id,
    ).settings.id
    of_class = services.create_class_group(
        own.tenant_id, class_id, "10A1", teachers=[own.teacher], created_by=own.teacher.user_id
    ).settings.id

    assert shown(staff, q=student.upper()) == [of_student]
    assert shown(staff, q="minh anh") == [of_student]
    assert shown(staff, q=class_id) == [of_class, of_student]
    assert shown(staff, q="10a1") == [of_class]


def test_a_new_name_is_found_and_the_old_one_is_not(own: School, staff: Client) -> None:
    services.rename(own.group.id, "Ban giám hiệu")

    assert shown(staff, q="giam hieu") == [own.group.id]
    assert shown(staff, q="toan") == []


def test_counts_and_the_last_message_are_in_the_list(own: School, staff: Client) -> None:
    last = {"messageId": "m", "senderName": "Lan", "content": "Chào thầy", "sentAt": now()}
    change = {"$set": {"lastMessage": last, "lastSeq": 4711}}
    collection("conversations").update_one({"_id": own.group.id}, change)
    services.add_participants(own.group.id, [person(), person()], None)

    page = staff.get(CONVERSATIONS).content.decode()

    assert "Lan: Chào thầy" in page
    assert ">4711<" in page
    assert '<td class="field-people">3</td>' in page
