"""What cannot be published at once waits in the outbox, and is told later in its order."""

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from chat_project.mongodb import collection
from conversations.services import outbox
from messaging import outbox as publishing
from tests.conftest import Api
from tests.conversations.api.conftest import CONVERSATIONS, data_of, named
from tests.conversations.api.system_messages.telling import (
    add,
    let_time_pass,
    rename,
    texts,
    told,
    waiting,
)
from tests.messaging.storing import store_sent


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

    assert keys == [["_id"], ["conversationId", "version"], ["at", "version"]]


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


def test_changes_of_one_millisecond_are_told_in_their_order(
    mai: Api, room: str, kafka_away: Callable[[], None]
) -> None:
    rename(mai, room, "Một")
    rename(mai, room, "Hai")
    kafka_away()
    let_time_pass()
    entries = collection(outbox.COLLECTION)
    first, second = entries.find({"conversationId": room}).sort("version", 1)
    entries.delete_one({"_id": first["_id"]})
    entries.insert_one({**first, "at": second["at"]})  # stored behind the other one

    publishing.publish_left_over()

    assert [text.rpartition(" ")[2] for text in texts(room)] == ["Một", "Hai"]


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
