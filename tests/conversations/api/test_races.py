"""Two requests at once: each kind of race has one outcome, and the cache says what MongoDB says."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import cache, services
from conversations.cache import Lookup
from conversations.services import opening
from conversations.services.repetition import KeyedRequest
from conversations.values import Role
from tests.conftest import Api
from tests.conversations.api.conftest import CONVERSATIONS, data_of, named, teacher_group

Request = Callable[[], Any]

ROUNDS = 5


def at_once(requests: Sequence[Request]) -> list[Any]:
    """Starts all of them at the same moment; their responses, in order."""
    start = Barrier(len(requests))

    def send(request: Request) -> Any:
        start.wait(20)
        return request()

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(send, requests))


def as_another_client(user: Api) -> Api:
    """Django's test client is for one thread."""
    return Api(user.user_id, user.tenant_id, user.token, user.person.user_name)


def post(user: Api, path: str, body: Any, **headers: str) -> Request:
    return lambda: as_another_client(user).post(CONVERSATIONS + path, body, **headers)


def delete(user: Api, path: str) -> Request:
    return lambda: as_another_client(user).delete(CONVERSATIONS + path)


def statuses(responses: Sequence[Any]) -> Counter[int]:
    return Counter(response.status_code for response in responses)


def stored_roles(conversation_id: str) -> dict[str, str]:
    found = collection("participants").find({"conversationId": conversation_id})
    return {each["userId"]: each["role"] for each in found}


def cached_role(conversation_id: str, user: Api) -> str | None:
    return cache.look_up([Lookup(conversation_id, user.user_id)])[0].membership.role


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_both_of_a_pair_begin_at_once(mai: Api, parent: Api, round_: int) -> None:
    def begin(user: Api, other: Api) -> Request:
        body = {"otherUserId": other.user_id, "otherUserName": other.person.user_name}
        return post(user, "one-to-one", body)

    responses = at_once([begin(mai, parent), begin(parent, mai)] * 3)

    assert len({data_of(each)["conversationId"] for each in responses}) == 1
    assert collection("conversations").count_documents({"tenantId": mai.tenant_id}) == 1
    conversation_id = data_of(responses[0])["conversationId"]
    assert set(stored_roles(conversation_id)) == {mai.user_id, parent.user_id}


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_founding_is_retried_while_the_first_is_on_its_way(mai: Api, round_: int) -> None:
    found = post(mai, "teacher-group", {"name": "Tổ"}, idempotency_key="k")
    other = post(mai, "teacher-group", {"name": "Tổ khác"}, idempotency_key="k")

    responses = at_once([found, found, found, other])

    count = statuses(responses)
    assert count in ({200: 3, 422: 1}, {200: 1, 422: 3})
    assert collection("conversations").count_documents({"tenantId": mai.tenant_id}) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_key_founds_two_pairs_at_once(
    mai: Api, parent: Api, colleague: Api, round_: int
) -> None:
    """Also when one of the pairs has its conversation already."""
    bodies = [
        {"otherUserId": other.user_id, "otherUserName": other.person.user_name}
        for other in (parent, colleague)
    ]
    if round_ % 2:
        assert mai.post(CONVERSATIONS + "one-to-one", bodies[0]).status_code == 200

    responses = at_once([post(mai, "one-to-one", body, idempotency_key="k") for body in bodies])

    assert statuses(responses) == {200: 1, 422: 1}


def test_one_key_founds_another_pair_between_two_looks(
    mai: Api, parent: Api, colleague: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has the pair's own key is found then, and not what has the id made of the same key."""

    def begin(other: Api, key: str | None = None) -> Any:
        body = {"otherUserId": other.user_id, "otherUserName": other.person.user_name}
        return post(mai, "one-to-one", body, **({"idempotency_key": key} if key else {}))()

    assert begin(parent).status_code == 200
    look = opening.earlier_conversation

    def look_and_be_overtaken(request: KeyedRequest) -> str | None:
        found = look(request)
        monkeypatch.setattr(opening, "earlier_conversation", look)
        assert begin(colleague, "k").status_code == 200
        return found

    monkeypatch.setattr(opening, "earlier_conversation", look_and_be_overtaken)

    assert begin(parent, "k").status_code == 422


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_the_last_two_admins_leave_at_once(mai: Api, colleague: Api, round_: int) -> None:
    room = teacher_group(mai, colleague)["conversationId"]
    services.change_role(room, colleague.user_id, Role.ADMIN)

    responses = at_once([post(user, f"{room}/leave", None) for user in (mai, colleague)])

    assert statuses(responses) == {200: 1, 409: 1}
    assert list(stored_roles(room).values()) == ["Admin"]


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_an_admin_leaves_twice_at_once(mai: Api, colleague: Api, round_: int) -> None:
    room = teacher_group(mai, colleague)["conversationId"]
    services.change_role(room, colleague.user_id, Role.ADMIN)

    responses = at_once([post(mai, f"{room}/leave", None)] * 2)

    assert statuses(responses) == {200: 1, 403: 1}
    assert stored_roles(room) == {colleague.user_id: "Admin"}


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_two_admins_remove_each_other_at_once(mai: Api, colleague: Api, round_: int) -> None:
    room = teacher_group(mai, colleague)["conversationId"]
    services.change_role(room, colleague.user_id, Role.ADMIN)

    responses = at_once(
        [
            delete(mai, f"{room}/participants/{colleague.user_id}"),
            delete(colleague, f"{room}/participants/{mai.user_id}"),
        ]
    )

    assert statuses(responses) == {200: 1, 403: 1}
    assert len(stored_roles(room)) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_somebody_is_added_and_removed_at_once(mai: Api, parent: Api, round_: int) -> None:
    room = teacher_group(mai)["conversationId"]
    add = post(mai, f"{room}/participants", named(parent))
    remove = delete(mai, f"{room}/participants/{parent.user_id}")

    responses = at_once([add, remove] * 3)

    assert set(statuses(responses)) <= {200, 404}
    assert cached_role(room, parent) == stored_roles(room).get(parent.user_id)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_somebody_is_added_by_several_at_once(mai: Api, parent: Api, round_: int) -> None:
    room = teacher_group(mai)["conversationId"]

    responses = at_once([post(mai, f"{room}/participants", named(parent))] * 6)

    assert statuses(responses) == {200: 6}
    query = {"conversationId": room, "userId": parent.user_id}
    assert collection("participants").count_documents(query) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_an_admin_is_silenced_while_they_change_things(
    mai: Api, colleague: Api, round_: int
) -> None:
    """What a former Admin did counts only if they did it before."""
    room = teacher_group(mai, colleague)["conversationId"]
    services.change_role(room, colleague.user_id, Role.ADMIN)
    newcomers = [new_id() for _ in range(4)]
    adding = [
        post(colleague, f"{room}/participants", {"userId": each, "userName": "A"})
        for each in newcomers
    ]

    *added, _removed = at_once([*adding, delete(mai, f"{room}/participants/{colleague.user_id}")])

    assert set(statuses(added)) <= {200, 403}
    answered = zip(newcomers, added, strict=True)
    came = {user for user, response in answered if response.status_code == 200}
    assert set(stored_roles(room)) == {mai.user_id} | came
