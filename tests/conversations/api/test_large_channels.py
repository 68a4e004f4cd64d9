"""A channel of 25,000 parents costs its readers, its newcomers and its senders what a small one does."""

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.errors import BulkWriteError

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations.reading import COUNTED_PARTICIPANTS
from conversations.services import opening
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    NOON,
    Calls,
    SignIn,
    data_of,
    error_of,
    founded,
    listed,
    named,
    refusal,
    shown,
)
from tests.messaging.storing import store_sent

PARENTS = 25_000


@pytest.fixture
def channel(mai: Api, colleague: Api) -> str:
    """Mai's channel; its parents' ids lie before and after hers."""
    body = {"name": "Thông báo", "staff": [named(colleague)]}
    channel_id: str = founded(mai, "announcement-channel", body)["conversationId"]
    collection("participants").insert_many(
        [
            {
                "conversationId": channel_id,
                "userId": f"{n % 10}-parent-{n}",
                "userName": f"Phụ huynh {n}",
                "role": "ReadOnly",
                "joinedSeq": 0,
                "readSeq": 0,
                "joinedAt": NOON,
            }
            for n in range(PARENTS)
        ]
    )
    return channel_id


def examined(calls: Calls, request: Callable[[], Any]) -> tuple[int, int]:
    """The most keys and the most documents that one command of the request looked at."""
    before = calls.mongodb
    request()
    commands = calls.profiled({})[before:]
    assert commands
    return (
        max(command.get("keysExamined", 0) for command in commands),
        max(command.get("docsExamined", 0) for command in commands),
    )


def test_reading_it_looks_at_a_bounded_part(mai: Api, channel: str, calls: Calls) -> None:
    bound = COUNTED_PARTICIPANTS + 10

    for request in (lambda: shown(mai, channel), lambda: listed(mai)):
        keys, documents = examined(calls, request)
        assert keys <= bound
        assert documents <= bound

    conversation = shown(mai, channel)
    assert conversation["participantCount"] == COUNTED_PARTICIPANTS
    assert len(conversation["participants"]) == 100
    assert listed(mai)[0]["participants"] == []


def test_changing_it_looks_at_a_bounded_part(
    mai: Api, colleague: Api, parent: Api, channel: str, calls: Calls
) -> None:
    path = CONVERSATIONS + channel
    requests: list[Callable[[], Any]] = [
        lambda: data_of(mai.post(f"{path}/participants", named(parent))),
        lambda: data_of(parent.post(f"{path}/leave", None)),
        lambda: data_of(mai.delete(f"{path}/participants/5-parent-5")),
        lambda: data_of(mai.put(path, {"name": "Tin mới"})),
        lambda: data_of(mai.put(f"{path}/archive")),
        lambda: data_of(mai.put(f"{path}/unarchive")),
        lambda: data_of(colleague.put(f"{path}/hide")),
    ]

    for request in requests:
        keys, documents = examined(calls, request)
        assert keys <= COUNTED_PARTICIPANTS + 10
        assert documents <= COUNTED_PARTICIPANTS + 10


def test_the_last_admin_is_known_without_looking_at_the_others(
    mai: Api, channel: str, calls: Calls
) -> None:
    response = mai.post(f"{CONVERSATIONS}{channel}/leave", None)

    assert response.status_code == 409
    assert max(command.get("keysExamined", 0) for command in calls.profiled({})) <= 3


def test_writing_into_it_asks_mongodb_nothing(mai: Api, channel: str, calls: Calls) -> None:
    text = {"conversationId": channel, "content": "Mai nghỉ học"}
    data_of(mai.post("/api/v1/messages/text", text))
    before = calls.mongodb

    data_of(mai.post("/api/v1/messages/text", text))

    assert calls.mongodb == before


def test_a_channel_of_25_000_is_founded_by_one_body_and_used(
    api: SignIn, mai: Api, parent: Api
) -> None:
    parents = [{"userId": new_id(), "userName": f"Nguyễn Thị Hoàng {n}"} for n in range(PARENTS)]
    body = {"name": "Thông báo", "parents": parents}

    channel = founded(mai, "announcement-channel", body, idempotency_key="k")

    assert founded(mai, "announcement-channel", body, idempotency_key="k") == channel
    path = CONVERSATIONS + channel["conversationId"]
    data_of(mai.post(f"{path}/participants", named(parent)))
    everybody = data_of(mai.get(f"{path}/participants", pageSize=1))["totalCount"]
    assert everybody == PARENTS + 2
    text = {"conversationId": channel["conversationId"], "content": "Mai nghỉ học"}
    data_of(mai.post("/api/v1/messages/text", text))
    store_sent(channel["conversationId"])
    last = api(parents[-1]["userId"], mai.tenant_id)
    for reader in (last, parent):
        (mine,) = listed(reader)
        assert (mine["role"], mine["lastMessage"]["content"]) == ("ReadOnly", "Mai nghỉ học")
        history = data_of(
            reader.get(f"/api/v1/messages/conversation/{channel['conversationId']}", pageSize=1)
        )
        assert [each["content"] for each in history["messages"]] == ["Mai nghỉ học"]


def test_many_are_added_by_one_body(mai: Api) -> None:
    channel = founded(mai, "announcement-channel", {"name": "Thông báo"})
    path = f"{CONVERSATIONS}{channel['conversationId']}/participants"
    people = [{"userId": f"parent-{n:0230}", "userName": "Lan"} for n in range(4_000)]

    assert data_of(mai.post(path, {"participants": people}))["participantCount"] == 1_000
    assert data_of(mai.get(path, pageSize=1))["totalCount"] == 4_001


def test_a_body_over_4_000_000_bytes_is_refused(mai: Api) -> None:
    response = mai.post(f"{CONVERSATIONS}announcement-channel", {"name": "a" * 4_000_000})

    assert refusal(response) == (413, "payload_too_large")
    assert error_of(response)["details"] == {"limitBytes": 4_000_000}


def test_more_people_than_the_cache_of_mongodb_holds_are_told_so(
    mai: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise BulkWriteError({"writeErrors": [{"index": 1, "code": opening.TOO_LARGE_FOR_CACHE}]})

    monkeypatch.setattr(opening, "in_transaction", refuse)
    parents = [{"userId": new_id(), "userName": "Lan"}]

    response = mai.post(
        f"{CONVERSATIONS}announcement-channel", {"name": "Thông báo", "parents": parents}
    )

    assert (response.status_code, error_of(response)["code"]) == (413, "too_many_participants")
