"""What is told becomes a message of the conversation, once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from conversations import services
from conversations.services import outbox
from conversations.values import Person
from messaging import outbox as publishing
from tests.conftest import Api
from tests.conversations.api.conftest import CONVERSATIONS, data_of, named, refusal, shown
from tests.conversations.api.system_messages.telling import add, let_time_pass, told, waiting
from tests.messaging.conftest import HISTORY, MESSAGES
from tests.messaging.storing import store_sent


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


def test_an_admin_deletes_it_as_any_message(
    mai: Api, colleague: Api, parent: Api, room: str
) -> None:
    services.add_participants(room, [parent.person], None)
    [stored] = store_sent(room)
    path = MESSAGES + stored["_id"]

    assert refusal(colleague.delete(path)) == (403, "not_the_sender")
    assert data_of(mai.delete(path))["isDeleted"]

    [deleted] = store_sent(room)
    assert deleted["isDeleted"]
    assert stored["content"] not in deleted.values()


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
