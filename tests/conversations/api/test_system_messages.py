"""Changes of a conversation are told in it: once, in the log, whatever happens in between."""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from chat_project.identifiers import derived_id
from chat_project.mongodb import collection
from chat_project.settings.environment import environment
from chat_project.timestamps import now
from conversations import services
from conversations.services import outbox, participation
from conversations.values import Person, Role
from messaging import outbox as publishing
from messaging.producer import Producer
from tests.conftest import Api
from tests.consumers.pipelines import Pipeline
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    data_of,
    founded,
    named,
    refusal,
    shown,
    talk,
    teacher_group,
)
from tests.messaging.conftest import CLOSED_PORT, HISTORY, MESSAGES, records_in
from tests.messaging.storing import store_sent
from tests.processes import manage, running
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def empty_outbox(database: None) -> Iterator[None]:
    """What a test leaves behind would be published by the next test's consumer."""
    yield
    collection(outbox.COLLECTION).delete_many({})


@pytest.fixture
def room(mai: Api, colleague: Api) -> str:
    conversation_id: str = teacher_group(mai, colleague)["conversationId"]
    return conversation_id


@pytest.fixture
def kafka_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """The outbox is published by a producer without brokers, until the fixture is called."""
    producer = Producer(
        {"bootstrap.servers": CLOSED_PORT},
        environment().message_topic,
        partitions=environment().kafka_partitions,
        waiting_threads=8,
    )
    with monkeypatch.context() as patched:
        patched.setattr(publishing, "producer", lambda: producer)
        yield patched.undo
    producer._kafka.purge()
    producer.close()


def told(conversation_id: str) -> list[dict[str, Any]]:
    """The events of the log, oldest first."""
    return [json.loads(record.value() or b"") for record in records_in(conversation_id)]


def texts(conversation_id: str) -> list[str]:
    return [event["content"] for event in told(conversation_id)]


def waiting(conversation_id: str) -> int:
    return collection(outbox.COLLECTION).count_documents({"conversationId": conversation_id})


def let_time_pass() -> None:
    """What lies in the outbox becomes left over."""
    earlier = now() - outbox.LEFT_OVER_AFTER - timedelta(seconds=1)
    collection(outbox.COLLECTION).update_many({}, {"$set": {"at": earlier}})


def add(user: Api, conversation_id: str, *people: dict[str, str]) -> Any:
    body = {"participants": list(people)}
    return data_of(user.post(f"{CONVERSATIONS}{conversation_id}/participants", body))


def rename(user: Api, conversation_id: str, name: str) -> Any:
    return data_of(user.put(CONVERSATIONS + conversation_id, {"name": name}))


def test_who_is_added_is_told_in_the_name_of_who_added_them(
    mai: Api, parent: Api, room: str
) -> None:
    add(mai, room, named(parent))

    [event] = told(room)
    assert event["content"] == "Phạm Thị Mai đã thêm Hoàng Thị Lan"
    assert (event["senderId"], event["senderName"]) == (mai.user_id, "Phạm Thị Mai")
    assert (event["type"], event["tenantId"]) == ("System", mai.tenant_id)
    version_after_the_change = "2"
    assert event["messageId"] == derived_id(
        ["system", mai.tenant_id, room], version_after_the_change
    )
    assert waiting(room) == 0


def test_leaving_removing_and_renaming_are_told(
    mai: Api, colleague: Api, parent: Api, room: str
) -> None:
    add(mai, room, named(parent))
    data_of(parent.post(f"{CONVERSATIONS}{room}/leave", None))
    data_of(mai.delete(f"{CONVERSATIONS}{room}/participants/{colleague.user_id}"))
    rename(mai, room, " Tổ Toán - Tin ")

    assert texts(room)[1:] == [
        "Hoàng Thị Lan đã rời nhóm",
        "Phạm Thị Mai đã xóa Lê Văn Dũng khỏi nhóm",
        "Phạm Thị Mai đã đổi tên nhóm thành Tổ Toán - Tin",
    ]
    assert told(room)[1]["senderId"] == parent.user_id
    assert waiting(room) == 0


def test_an_admin_who_removes_themselves_has_left(mai: Api, colleague: Api, room: str) -> None:
    services.change_role(room, colleague.user_id, Role.ADMIN)

    data_of(mai.delete(f"{CONVERSATIONS}{room}/participants/{mai.user_id}"))

    assert texts(room) == ["Phạm Thị Mai đã rời nhóm"]


def test_what_staff_does_is_told_by_the_system(room: str) -> None:
    services.add_participants(room, [Person("lan", "Lan")], None)
    services.rename(room, "Tổ Văn")
    services.remove_participant(room, "lan")

    assert texts(room) == ["Lan đã tham gia", "Nhóm có tên mới: Tổ Văn", "Lan không còn trong nhóm"]
    assert {(event["senderId"], event["senderName"]) for event in told(room)} == {
        ("00000000-0000-0000-0000-000000000000", "System")
    }


def test_a_long_list_is_told_once(mai: Api, room: str) -> None:
    people = [{"userId": f"parent-{n}", "userName": f"Phụ huynh {n}"} for n in range(1_200)]

    add(mai, room, *people)

    assert texts(room) == [
        "Phạm Thị Mai đã thêm Phụ huynh 0, Phụ huynh 1, Phụ huynh 2 và 1197 người khác"
    ]
    assert waiting(room) == 0


@pytest.mark.parametrize("newcomer_at", [0, 1, 2])
def test_a_list_in_parts_tells_of_the_newcomers_wherever_they_stand(
    mai: Api,
    colleague: Api,
    parent: Api,
    room: str,
    monkeypatch: pytest.MonkeyPatch,
    newcomer_at: int,
) -> None:
    monkeypatch.setattr(participation, "ADDED_AT_ONCE", 1)
    people = [mai, colleague]
    people.insert(newcomer_at, parent)

    add(mai, room, *map(named, people))

    assert texts(room) == ["Phạm Thị Mai đã thêm Hoàng Thị Lan"]
    assert waiting(room) == 0


def test_what_changes_nothing_is_not_told(mai: Api, colleague: Api, parent: Api, room: str) -> None:
    add(mai, room, named(colleague))
    rename(mai, room, "Tổ Toán")
    refused = [
        colleague.put(CONVERSATIONS + room, {"name": "Tổ Văn"}),
        mai.post(f"{CONVERSATIONS}{room}/leave", None),
        parent.post(f"{CONVERSATIONS}{room}/leave", None),
    ]

    assert [each.status_code for each in refused] == [403, 409, 403]
    assert told(room) == []
    assert waiting(room) == 0


def test_a_repeated_request_is_told_once(mai: Api, parent: Api, room: str) -> None:
    body = {"participants": [named(parent)]}
    for _ in range(2):
        path = f"{CONVERSATIONS}{room}/participants"
        data_of(mai.post(path, body, idempotency_key="k"))

    assert len(told(room)) == 1


def test_founding_archiving_and_own_settings_are_not_told(mai: Api, parent: Api) -> None:
    rooms = [
        talk(mai, parent)["conversationId"],
        teacher_group(mai, parent)["conversationId"],
        founded(mai, "announcement-channel", {"name": "Thông báo"})["conversationId"],
    ]
    for change in ("archive", "unarchive", "hide", "unhide"):
        data_of(mai.put(f"{CONVERSATIONS}{rooms[1]}/{change}"))

    assert [told(each) for each in rooms] == [[], [], []]


def test_it_is_stored_as_a_message_that_others_have_not_read_and_nobody_edits(
    mai: Api, colleague: Api, parent: Api, room: str
) -> None:
    add(mai, room, named(parent))

    [stored] = store_sent(room)

    [message] = data_of(parent.get(HISTORY + room))["messages"]
    assert (message["type"], message["seq"], message["status"]) == ("System", 1, "Sent")
    assert message["content"] == stored["content"] == "Phạm Thị Mai đã thêm Hoàng Thị Lan"
    unread = [shown(user, room)["unreadCount"] for user in (mai, colleague, parent)]
    assert unread == [0, 1, 1]
    assert shown(mai, room)["lastMessage"]["messageId"] == message["messageId"]
    path = MESSAGES + message["messageId"]
    assert refusal(mai.put(path, {"content": "khác"})) == (409, "system_message")
    assert refusal(mai.delete(path)) == (409, "system_message")


def test_who_has_left_still_has_their_name(mai: Api, colleague: Api, room: str) -> None:
    data_of(colleague.post(f"{CONVERSATIONS}{room}/leave", None))

    [stored] = store_sent(room)

    assert (stored["senderId"], stored["senderName"]) == (colleague.user_id, "Lê Văn Dũng")


def test_each_of_many_changes_at_once_is_told_once(mai: Api, room: str) -> None:
    people = [Person(f"parent-{n}", f"Phụ huynh {n}") for n in range(8)]

    with ThreadPoolExecutor(len(people)) as threads:
        adding = [
            threads.submit(services.add_participants, room, [person], None) for person in people
        ]
    for each in adding:
        each.result()

    assert waiting(room) == 0
    stored = store_sent(room)
    assert sorted(message["content"] for message in stored) == [
        f"{person.user_name} đã tham gia" for person in people
    ]


@pytest.mark.parametrize("error", [AutoReconnect("away"), RuntimeError("odd")], ids=repr)
def test_a_change_is_made_even_if_it_cannot_be_published(
    mai: Api, parent: Api, room: str, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(outbox, "entries_of", fail)

    added = add(mai, room, named(parent))

    assert parent.user_id in {each["userId"] for each in added["participants"]}
    assert (told(room), waiting(room)) == ([], 1)


def test_what_waits_is_found_by_indexes() -> None:
    indexes = collection(outbox.COLLECTION).index_information()
    keys = [[field for field, _ in index["key"]] for index in indexes.values()]

    assert keys == [["_id"], ["conversationId", "version"], ["at"]]


def test_while_kafka_is_away_changes_succeed_and_are_told_later_in_their_order(
    mai: Api, parent: Api, room: str, kafka_away: Callable[[], None]
) -> None:
    add(mai, room, named(parent))
    rename(mai, room, "Tổ Văn")
    data_of(parent.post(f"{CONVERSATIONS}{room}/leave", None))
    assert (told(room), waiting(room)) == ([], 3)

    kafka_away()
    rename(mai, room, "Tổ Sử")

    assert texts(room) == [
        "Phạm Thị Mai đã thêm Hoàng Thị Lan",
        "Phạm Thị Mai đã đổi tên nhóm thành Tổ Văn",
        "Hoàng Thị Lan đã rời nhóm",
        "Phạm Thị Mai đã đổi tên nhóm thành Tổ Sử",
    ]
    assert waiting(room) == 0
    assert [message["seq"] for message in store_sent(room)] == [1, 2, 3, 4]


def test_what_is_left_over_is_published_by_the_next_step(
    mai: Api, parent: Api, room: str, kafka_away: Callable[[], None]
) -> None:
    add(mai, room, named(parent))
    kafka_away()

    assert publishing.publish_left_over() == (0, 0), "it may still be on its way"
    let_time_pass()
    assert publishing.publish_left_over() == (1, 1)
    assert publishing.publish_left_over() == (0, 0)

    assert len(texts(room)) == 1


def test_a_step_is_bounded(
    mai: Api, room: str, kafka_away: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Một", "Hai", "Ba"):
        rename(mai, room, name)
    kafka_away()
    let_time_pass()
    monkeypatch.setattr(publishing, "AT_ONCE", 2)

    assert [publishing.publish_left_over() for _ in range(3)] == [(2, 2), (1, 1), (0, 0)]
    assert len(texts(room)) == 3


def test_what_is_published_twice_is_stored_once(
    mai: Api, parent: Api, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as died_after_publishing:
        died_after_publishing.setattr(outbox, "take_out", lambda _: None)
        add(mai, room, named(parent))
    [entry] = outbox.entries_of([room], 10)
    let_time_pass()
    publishing.publish_left_over()

    assert len(told(room)) == 2
    assert len({event["messageId"] for event in told(room)}) == 1
    [stored] = store_sent(room)
    assert stored["_id"] == entry.message_id


def test_a_list_that_breaks_off_is_told_as_far_as_it_came(
    mai: Api, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(participation, "ADDED_AT_ONCE", 2)
    insert, calls = participation.participant_document, []

    def fail_in_the_third_part(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) > 4:
            raise RuntimeError("the process dies here")
        return insert(*arguments)

    monkeypatch.setattr(participation, "participant_document", fail_in_the_third_part)
    people = [Person(f"parent-{n}", f"Phụ huynh {n}") for n in range(6)]
    with pytest.raises(RuntimeError):
        services.add_participants(room, people, None)
    monkeypatch.undo()

    rename(mai, room, "Tổ Văn")
    assert texts(room) == ["Phạm Thị Mai đã đổi tên nhóm thành Tổ Văn"], "it may still go on"
    let_time_pass()
    assert publishing.publish_left_over() == (1, 1)

    assert texts(room)[1:] == ["Phụ huynh 0, Phụ huynh 1, Phụ huynh 2 và 1 người khác đã tham gia"]
    assert collection("participants").count_documents({"conversationId": room}) == 6


@pytest.mark.parametrize(
    "change",
    [
        lambda room: services.add_participants(room, [Person("lan", "Lan")], None),
        lambda room: services.rename(room, "Tổ Văn"),
    ],
    ids=["add", "rename"],
)
def test_what_is_not_committed_is_not_told(
    room: str, monkeypatch: pytest.MonkeyPatch, change: Callable[[str], None]
) -> None:
    tell = outbox.tell

    def tell_and_die(*arguments: Any, **options: Any) -> None:
        tell(*arguments, **options)
        raise RuntimeError("the process dies here")

    with monkeypatch.context() as dying:
        dying.setattr(outbox, "tell", tell_and_die)
        with pytest.raises(RuntimeError):
            change(room)
    let_time_pass()
    publishing.publish_left_over()

    assert (waiting(room), told(room)) == (0, [])
    assert collection("participants").count_documents({"conversationId": room}) == 2


def test_however_many_changes_wait_the_next_one_tells_them_all(
    mai: Api, room: str, kafka_away: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "AT_ONCE", 2)
    for number in range(4):
        rename(mai, room, f"Tên {number}")
    assert waiting(room) == 4
    kafka_away()

    rename(mai, room, "Tên 4")

    assert waiting(room) == 0
    assert [text.rpartition(" ")[2] for text in texts(room)] == ["0", "1", "2", "3", "4"]


DIES_AFTER_THE_COMMIT = """
import os, signal, sys
import django
django.setup()
from conversations import services
from conversations.services import outbox
from conversations.values import Person
outbox.told.disconnect(dispatch_uid="messaging.outbox")
def die(**_):
    os.kill(os.getpid(), signal.SIGKILL)
outbox.told.connect(die)
services.add_participants(sys.argv[1], [Person("lan", "Lan")], None)
"""


def test_a_crash_between_commit_and_publishing_is_made_good_by_a_consumer(
    mai: Api, room: str
) -> None:
    script = [sys.executable, "-c", DIES_AFTER_THE_COMMIT, room]
    with running(script, {"DJANGO_SETTINGS_MODULE": "chat_project.settings.django"}) as crashing:
        assert crashing.wait() == -signal.SIGKILL, crashing.output()
    assert "lan" in {each["userId"] for each in shown(mai, room)["participants"]}
    assert (told(room), waiting(room)) == ([], 1)
    let_time_pass()

    pipeline = Pipeline()

    with pipeline.consumer() as consumer:
        stored = wait_until(
            lambda: list(collection("messages").find({"conversationId": room})), "it is stored"
        )
        assert consumer.stop() == 0

    assert [(each["content"], each["type"]) for each in stored] == [("Lan đã tham gia", "System")]
    with running(manage("reconcile", "--conversation", room), pipeline.variables) as auditor:
        assert auditor.wait() == 0, auditor.output()
    assert waiting(room) == 0
