"""Who has seen a conversation already asks whether it has changed, and is not told it all again."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from chat_project.mongodb import collection
from tests.api.conftest import serving
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    data_of,
    say,
    teacher_group,
)

Change = Callable[[Api, Api, Any], object]


@pytest.fixture
def room(mai: Api, colleague: Api) -> Any:
    return teacher_group(mai, colleague)


def path_of(conversation: Any) -> str:
    return CONVERSATIONS + str(conversation["conversationId"])


def list_of(user: Api) -> str:
    return f"{CONVERSATIONS}user/{user.user_id}"


def get(user: Api, path: str, tag: str | None = None) -> Any:
    headers = {} if tag is None else {"If-None-Match": tag}
    return user.client.get(path, headers=headers)


def reads(user: Api, conversation: Any) -> list[str]:
    """Every read of conversations that the user may make."""
    return [
        path_of(conversation),
        f"{path_of(conversation)}/participants",
        list_of(user),
        f"{CONVERSATIONS}search?searchTerm=to",
        f"{CONVERSATIONS}student/student-1",
        f"{CONVERSATIONS}class/class-1",
    ]


def test_who_has_the_newest_is_told_so_without_a_body(mai: Api, room: Any) -> None:
    for path in reads(mai, room):
        first = get(mai, path)
        again = get(mai, path, first.headers["ETag"])

        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert again.headers["Vary"] == "Authorization"
        assert "Content-Type" not in again.headers
        assert "Content-Length" not in again.headers
        assert again.headers["X-Request-ID"]


def test_the_answer_may_be_kept_by_its_reader_who_asks_each_time(mai: Api, room: Any) -> None:
    answer = get(mai, path_of(room))

    assert answer.status_code == 200
    assert answer.headers["ETag"].startswith('W/"'), "time and request id are not in it"
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "known",
    ['"other", {tag}', "{strong}", "*", ' "a" , W/"b",{tag}'],
    ids=["one of several", "without W/", "any", "with spaces"],
)
def test_a_tag_is_found_in_every_form(mai: Api, room: Any, known: str) -> None:
    tag = get(mai, path_of(room)).headers["ETag"]

    answer = get(mai, path_of(room), known.format(tag=tag, strong=tag.removeprefix("W/")))

    assert answer.status_code == 304


@pytest.mark.parametrize("known", ['"other"', "", "nonsense", 'W/"'])
def test_another_tag_gets_everything(mai: Api, room: Any, known: str) -> None:
    assert data_of(get(mai, path_of(room), known))["conversationId"] == room["conversationId"]


def a_message(mai: Api, colleague: Api, room: Any) -> None:
    say(room["conversationId"], 1, sender=colleague)


def reading_it(mai: Api, colleague: Api, room: Any) -> None:
    mine = {"conversationId": room["conversationId"], "userId": mai.user_id}
    collection("participants").update_one(mine, {"$set": {"readSeq": 1}})


def a_new_name(mai: Api, colleague: Api, room: Any) -> None:
    data_of(mai.put(path_of(room), {"name": "Tổ Văn"}))


def muting_it(mai: Api, colleague: Api, room: Any) -> None:
    data_of(mai.put(f"{path_of(room)}/mute", {"mutedUntil": "2999-01-01T00:00:00Z"}))


def one_more(mai: Api, colleague: Api, room: Any) -> None:
    person = {"userId": "teacher-9", "userName": "Ngô Bảo"}
    data_of(mai.post(f"{path_of(room)}/participants", {"participants": [person]}))


@pytest.mark.parametrize("change", [a_message, reading_it, a_new_name, muting_it, one_more])
@pytest.mark.parametrize("of_list", [False, True], ids=["one", "list"])
def test_whatever_the_reader_sees_differently_changes_the_tag(
    mai: Api, colleague: Api, room: Any, change: Change, of_list: bool
) -> None:
    if change is reading_it:
        a_message(mai, colleague, room)
    path = list_of(mai) if of_list else path_of(room)
    tag = get(mai, path).headers["ETag"]
    assert get(mai, path, tag).status_code == 304

    change(mai, colleague, room)

    answer = get(mai, path, tag)
    assert answer.status_code == 200
    assert answer.headers["ETag"] != tag


def test_each_reader_has_a_tag_of_their_own(mai: Api, colleague: Api, room: Any) -> None:
    tag = get(mai, path_of(room)).headers["ETag"]

    answer = get(colleague, path_of(room), tag)

    assert data_of(answer)["role"] == "Member"


def test_a_tag_opens_nothing(mai: Api, room: Any, api: Any) -> None:
    stranger = api(tenant_id=mai.tenant_id)

    assert get(stranger, path_of(room), "*").status_code == 403


def test_changes_have_no_tag(mai: Api, room: Any) -> None:
    answer = mai.put(path_of(room), {"name": "Tổ Văn"})

    assert answer.status_code == 200
    assert "ETag" not in answer.headers


def test_a_long_list_is_tagged_and_compressed(mai: Api) -> None:
    for number in range(5):
        teacher_group(mai, name=f"Tổ {number}")
    headers = {"Accept-Encoding": "gzip"}

    answer = mai.client.get(list_of(mai), headers=headers)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert {each.strip() for each in answer.headers["Vary"].split(",")} == {
        "Authorization",
        "Accept-Encoding",
    }
    tag = answer.headers["ETag"]
    again = mai.client.get(list_of(mai), headers=headers | {"If-None-Match": tag})
    assert again.status_code == 304


def test_a_server_keeps_the_connection_after_a_304(
    mai: Api, room: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bearer = {"Authorization": f"Bearer {mai.token}"}
    log = tmp_path_factory.mktemp("gunicorn") / "log"
    with serving(log) as served, httpx.Client(base_url=served.url, headers=bearer) as browser:
        tag = browser.get(path_of(room)).headers["ETag"]
        unchanged = browser.get(path_of(room), headers={"If-None-Match": tag})
        after = browser.get(path_of(room))

        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers.get("Connection") != "close"
        assert "Transfer-Encoding" not in unchanged.headers
        assert after.json()["data"]["conversationId"] == room["conversationId"]
