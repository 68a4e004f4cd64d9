"""A change and its idempotency key are kept together: a retry finds both, or neither."""

from typing import Any, NoReturn

import pytest

from conversations import services
from conversations.services import outbox, participation
from conversations.values import Role
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    data_of,
    named,
    refusal,
    shown,
    teacher_group,
)
from tests.conversations.api.test_races import Request, at_once, post, statuses, stored_roles


class Died(Exception):
    """The worker ends here."""


@pytest.fixture
def room(mai: Api, colleague: Api) -> str:
    conversation_id: str = teacher_group(mai, colleague)["conversationId"]
    return conversation_id


def dying_after_the_commit(monkeypatch: pytest.MonkeyPatch, request: Request) -> None:
    """Does the request in a worker that dies between the commit and what follows it."""

    def die(*_arguments: object) -> NoReturn:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "announce", die)
        assert request().status_code == 500


def test_who_left_as_the_worker_died_has_left_for_a_retry(
    colleague: Api, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{CONVERSATIONS}{room}/leave"
    dying_after_the_commit(monkeypatch, lambda: colleague.post(path, None, idempotency_key="k"))

    assert data_of(colleague.post(path, None, idempotency_key="k")) is None
    assert refusal(colleague.post(path, None, idempotency_key="another")) == (
        403,
        "not_a_participant",
    )


def test_who_was_removed_after_the_worker_died_is_not_added_by_a_retry(
    mai: Api, parent: Api, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{CONVERSATIONS}{room}/participants"
    dying_after_the_commit(monkeypatch, lambda: mai.post(path, named(parent), idempotency_key="k"))
    services.remove_participant(room, parent.user_id)

    again = mai.post(path, named(parent), idempotency_key="k")

    assert data_of(again)["participantCount"] == 2
    assert parent.user_id not in stored_roles(room)


def test_a_list_that_stopped_between_its_parts_is_completed_by_a_retry(
    mai: Api, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{CONVERSATIONS}{room}/participants"
    people = [{"userId": f"parent-{n}", "userName": f"Phụ huynh {n}"} for n in range(3)]
    monkeypatch.setattr(participation, "ADDED_AT_ONCE", 2)
    add = participation._add

    def stop_at_the_last_part(*arguments: Any, more_follow: bool) -> Any:
        if not more_follow:
            raise Died
        return add(*arguments, more_follow=more_follow)

    with monkeypatch.context() as patch:
        patch.setattr(participation, "_add", stop_at_the_last_part)
        body = {"participants": people}
        assert mai.post(path, body, idempotency_key="k").status_code == 500
    assert shown(mai, room)["participantCount"] == 4

    assert data_of(mai.post(path, body, idempotency_key="k"))["participantCount"] == 5
    services.remove_participant(room, "parent-0")
    assert data_of(mai.post(path, body, idempotency_key="k"))["participantCount"] == 4


def test_a_refused_change_does_not_use_its_key_up(mai: Api, colleague: Api, room: str) -> None:
    path = f"{CONVERSATIONS}{room}/leave"
    assert refusal(mai.post(path, None, idempotency_key="k")) == (409, "last_admin")
    services.change_role(room, colleague.user_id, Role.ADMIN)

    assert data_of(mai.post(path, None, idempotency_key="k")) is None


@pytest.mark.parametrize("round_", range(5))
def test_a_retry_arrives_while_the_first_is_leaving(colleague: Api, room: str, round_: int) -> None:
    leave = post(colleague, f"{room}/leave", None, idempotency_key="k")

    assert statuses(at_once([leave] * 4)) == {200: 4}
    assert colleague.user_id not in stored_roles(room)


@pytest.mark.parametrize("round_", range(5))
def test_one_key_for_two_conversations_at_once_changes_one(
    mai: Api, colleague: Api, room: str, round_: int
) -> None:
    other = teacher_group(mai, colleague)["conversationId"]
    leave = [post(colleague, f"{each}/leave", None, idempotency_key="k") for each in (room, other)]

    assert statuses(at_once(leave)) == {200: 1, 422: 1}
    is_in = [colleague.user_id in stored_roles(each) for each in (room, other)]
    assert sorted(is_in) == [False, True]
