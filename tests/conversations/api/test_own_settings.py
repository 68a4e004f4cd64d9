"""What everybody sets for themselves: mute until, and their own archive."""

from datetime import timedelta
from typing import Any

import pytest

from chat_project.timestamps import format_timestamp, now
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    data_of,
    error_of,
    ids,
    listed,
    refusal,
    shown,
    teacher_group,
)


@pytest.fixture
def room(mai: Api, colleague: Api) -> Any:
    return teacher_group(mai, colleague)


def put(user: Api, conversation: Any, action: str, body: Any = None) -> Any:
    return user.put(f"{CONVERSATIONS}{conversation['conversationId']}/{action}", body)


def test_a_participant_mutes_for_themselves(mai: Api, colleague: Api, room: Any) -> None:
    tomorrow = format_timestamp(now() + timedelta(days=1))

    muted = data_of(put(colleague, room, "mute", {"mutedUntil": tomorrow}))

    assert muted["mutedUntil"] == tomorrow
    assert listed(colleague)[0]["mutedUntil"] == tomorrow
    assert shown(mai, room["conversationId"])["mutedUntil"] is None


def test_dotnets_last_moment_mutes_for_ever(mai: Api, room: Any) -> None:
    muted = put(mai, room, "mute", {"mutedUntil": "9999-12-31T23:59:59.9999999Z"})

    assert data_of(muted)["mutedUntil"] == "9999-12-31T23:59:59.999Z"


@pytest.mark.parametrize("until", [None, "2025-11-07T12:00:00Z"], ids=["null", "over"])
def test_null_or_a_time_that_is_over_ends_it(mai: Api, room: Any, until: str | None) -> None:
    put(mai, room, "mute", {"mutedUntil": "2999-01-01T00:00:00+07:00"})

    assert data_of(put(mai, room, "mute", {"mutedUntil": until}))["mutedUntil"] is None


@pytest.mark.parametrize("body", [{}, {"mutedUntil": "soon"}, {"mutedUntil": 1}])
def test_what_is_no_time_is_refused(mai: Api, room: Any, body: Any) -> None:
    response = put(mai, room, "mute", body)

    assert refusal(response) == (400, "invalid_field")
    assert error_of(response)["details"]["field"] == "mutedUntil"


def test_an_own_archive_hides_it_from_oneself_alone(mai: Api, colleague: Api, room: Any) -> None:
    hidden = data_of(put(colleague, room, "hide"))
    again = data_of(put(colleague, room, "hide"))

    assert (hidden["isHidden"], again["isHidden"], hidden["isActive"]) == (True, True, True)
    assert listed(colleague) == []
    assert ids(listed(colleague, includeArchived="true")) == [room["conversationId"]]
    assert ids(listed(mai)) == [room["conversationId"]]
    text = {"conversationId": room["conversationId"], "content": "Chào"}
    assert colleague.post("/api/v1/messages/text", text).status_code == 200

    assert data_of(put(colleague, room, "unhide"))["isHidden"] is False
    assert ids(listed(colleague)) == [room["conversationId"]]
