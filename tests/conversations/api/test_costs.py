"""What a list costs: the same commands to MongoDB for any page, each by an index, and little CPU."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import Document, collection
from conversations.reading import conversation_pipeline
from conversations.unread import unread_pipeline
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    NOON,
    Calls,
    SignIn,
    data_of,
    named,
    page_of,
)

CPU_SECONDS = 0.030
COUNT = 500


def store_conversations(user: Api, other: Api, count: int, **fields: Any) -> list[str]:
    """As the services found them, half of them OneToOne, each with a message that is unread."""
    conversations, participants, messages = [], [], []
    for n in range(count):
        conversation_id, at = new_id(), NOON + timedelta(minutes=n)
        message = {
            "senderId": other.user_id,
            "senderName": other.person.user_name,
            "content": "Chào cả lớp, ngày mai chúng ta nghỉ học. " * 10,
            "seq": 1,
            "sentAt": at,
        }
        conversations.append(
            {
                "_id": conversation_id,
                "key": conversation_id,
                "tenantId": user.tenant_id,
                "type": "OneToOne" if n % 2 else "StudentGroup",
                "name": f"Student: Nguyễn Minh Anh {n}",
                "isActive": True,
                "version": 1,
                "lastSeq": 1,
                "lastMessage": {"messageId": new_id(), **message},
                "log": {f"p{p}": {"t": 1, "o": n} for p in range(3)},
                "createdAt": NOON,
                "createdBy": user.user_id,
                "updatedAt": NOON,
                **fields,
            }
        )
        participants += [
            {
                "conversationId": conversation_id,
                **named(each),
                "role": "Member",
                "joinedSeq": 0,
                "readSeq": 0,
                "joinedAt": NOON,
            }
            for each in (user, other)
        ]
        messages.append(
            {
                "_id": new_id(),
                "conversationId": conversation_id,
                "tenantId": user.tenant_id,
                "type": "Text",
                "status": "Sent",
                **message,
            }
        )
    for name, documents in (
        ("conversations", conversations),
        ("participants", participants),
        ("messages", messages),
    ):
        collection(name).insert_many(documents)
    return [each["_id"] for each in conversations]


@pytest.fixture
def busy(api: SignIn) -> Api:
    """A user with 500 conversations."""
    user = api(name="Phạm Thị Mai")
    store_conversations(user, api(tenant_id=user.tenant_id, name="Lan"), COUNT)
    return user


LISTS: dict[str, Callable[[Api, int], Any]] = {
    "own": lambda user, size: page_of(user, pageSize=size),
    "own of a type": lambda user, size: page_of(user, pageSize=size, type="OneToOne"),
    "archived too": lambda user, size: page_of(user, pageSize=size, includeArchived="true"),
    "search": lambda user, size: data_of(
        user.get(CONVERSATIONS + "search", searchTerm="minh anh", pageSize=size)
    ),
}
EVERY_LIST = pytest.mark.parametrize("ask", LISTS.values(), ids=LISTS.keys())


@EVERY_LIST
def test_a_page_costs_five_commands_whatever_its_size(
    busy: Api, calls: Calls, ask: Callable[[Api, int], Any]
) -> None:
    costs = []
    for size in (1, 20, 200):
        before = calls.mongodb
        assert len(ask(busy, size)["items"]) == size
        costs.append(calls.mongodb - before)

    assert costs == [5, 5, 5]


@EVERY_LIST
def test_every_command_of_a_list_reads_by_an_index_without_a_sort(
    busy: Api, calls: Calls, ask: Callable[[Api, int], Any]
) -> None:
    ask(busy, 20)

    commands = calls.profiled({})
    assert len(commands) == 5
    for command in commands:
        assert command["planSummary"].startswith("IXSCAN"), command["command"]
        assert not command.get("hasSortStage"), command["command"]
        assert command["docsExamined"] <= COUNT


@pytest.mark.parametrize("kind", ["student", "class"])
def test_what_is_about_a_student_or_a_class_is_read_by_its_index(
    api: SignIn, busy: Api, calls: Calls, kind: str
) -> None:
    about = new_id()
    other = api(tenant_id=busy.tenant_id, name="Lan")
    found = store_conversations(busy, other, 3, **{f"{kind}Id": about})

    page = data_of(busy.get(f"{CONVERSATIONS}{kind}/{about}"))

    assert page["totalCount"] == len(found)
    first, *others = calls.profiled({"op": {"$in": ["query", "command"]}})
    assert first["planSummary"] == f"IXSCAN {{ tenantId: 1, {kind}Id: 1 }}"
    assert first["docsExamined"] == len(found)
    for command in others:
        assert command["planSummary"].startswith("IXSCAN")
        assert not command.get("hasSortStage")
    assert len(others) == 4


def test_one_conversation_costs_four_commands_by_indexes(busy: Api, calls: Calls) -> None:
    conversation_id = page_of(busy, pageSize=1)["items"][0]["conversationId"]
    before = calls.mongodb

    data_of(busy.get(CONVERSATIONS + conversation_id))

    commands = calls.profiled({})[before:]
    assert len(commands) == 4
    for command in commands:
        assert command["planSummary"].startswith(("IXSCAN", "IDHACK"))
        assert not command.get("hasSortStage")


def explained(name: str, pipeline: list[Document]) -> Document:
    """The execution of the pipeline's look-up."""
    plan: Document = collection(name).database.command(
        "explain",
        {"aggregate": name, "pipeline": pipeline, "cursor": {}},
        verbosity="executionStats",
    )
    return next(stage for stage in plan["stages"] if "$lookup" in stage)


def test_what_is_counted_for_a_page_is_looked_up_by_indexes(busy: Api) -> None:
    own = collection("participants").find({"userId": busy.user_id}).limit(20)
    ids = [each["conversationId"] for each in own]

    participants = explained("conversations", conversation_pipeline(ids))
    unread = explained("participants", unread_pipeline({(each, busy.user_id) for each in ids}))

    assert participants["indexesUsed"] == ["conversation_user"]
    assert unread["indexesUsed"] == ["conversation_seq"]
    assert participants["collectionScans"] == unread["collectionScans"] == 0
    assert unread["totalDocsExamined"] == len(ids)


@EVERY_LIST
def test_a_page_of_500_conversations_takes_little_cpu(
    busy: Api, ask: Callable[[Api, int], Any]
) -> None:
    ask(busy, 20)

    spent = []
    for _ in range(10):
        started = time.process_time()
        ask(busy, 20)
        spent.append(time.process_time() - started)

    assert min(spent) < CPU_SECONDS, f"{min(spent) * 1_000:.1f} ms at best"
