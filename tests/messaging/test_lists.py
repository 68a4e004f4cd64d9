"""The lists of a conversation: pinned, of a type, with a mention; their pages and their indexes."""

from typing import Any, NamedTuple

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import services
from conversations.values import ConversationSettings
from messaging import pages
from tests.conftest import Api
from tests.messaging.conftest import (
    HISTORY,
    MESSAGES,
    Calls,
    SignIn,
    data_of,
    error_of,
    index_of,
    minutes_after_noon,
    store_many,
    store_message,
)

AN = "0199bbbb-1111-7222-8333-444455556666"
"""Somebody who is mentioned."""


class Kind(NamedTuple):
    """A list: its path below the conversation, what a message of it holds, and its index."""

    path: str
    holds: dict[str, Any]
    index: str

    def of(self, user: Api, group: ConversationSettings, **query: Any) -> Any:
        return user.get(f"{HISTORY}{group.id}/{self.path}", **query)


def mention(user_id: str) -> dict[str, Any]:
    return {"userId": user_id, "userName": "An", "startIndex": 0, "length": 2}


KINDS = {
    "pinned": Kind("pinned", {"isPinned": True}, "conversation_pinned"),
    "of a type": Kind("type/Image", {"type": "Image"}, "conversation_type"),
    "texts": Kind("type/Text", {}, "conversation_time"),
    "mentioning": Kind(f"mentions/{AN}", {"mentions": [mention(AN)]}, "conversation_mentions"),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def numbers(page: Any) -> list[int]:
    return [message["seq"] for message in page["items"]]


@every_kind
def test_it_holds_its_messages_newest_first(
    mai: Api, colleague: Api, group: ConversationSettings, kind: Kind
) -> None:
    for seq, minute in ((1, 3), (2, 1), (3, 2), (4, 2)):
        store_message(group, seq, sent_at=minutes_after_noon(minute), **kind.holds)

    for participant in (mai, colleague):
        assert numbers(data_of(kind.of(participant, group))) == [1, 4, 3, 2]


@every_kind
def test_others_are_not_in_it(
    mai: Api, group: ConversationSettings, new_conversation: Any, kind: Kind
) -> None:
    store_message(new_conversation(mai), 1, **kind.holds)
    store_message(group, 1, type="System", mentions=[mention(new_id())], isPinned=False)

    assert data_of(kind.of(mai, group)) == {
        "items": [],
        "totalCount": 0,
        "page": 1,
        "pageSize": 20,
        "totalPages": 0,
        "hasPreviousPage": False,
        "hasNextPage": False,
    }


@every_kind
def test_deleted_messages_are_not_in_it(mai: Api, group: ConversationSettings, kind: Kind) -> None:
    for seq in range(1, 7):
        deleted = {"isDeleted": True} if seq % 2 else {}
        store_message(group, seq, **{**kind.holds, **deleted})

    page = data_of(kind.of(mai, group, pageSize=2))

    assert (numbers(page), page["totalCount"]) == ([6, 4], 3)


@every_kind
def test_a_message_is_answered_as_it_is_alone(
    mai: Api, group: ConversationSettings, kind: Kind
) -> None:
    stored = store_message(group, 1, editedAt=minutes_after_noon(1), **kind.holds)

    assert data_of(kind.of(mai, group))["items"] == [data_of(mai.get(MESSAGES + stored))]


@every_kind
def test_following_the_pages_reads_everything_once(
    mai: Api, group: ConversationSettings, kind: Kind
) -> None:
    store_many(group, range(1, 8), **kind.holds)

    found = [data_of(kind.of(mai, group, pageSize=3, pageNumber=n)) for n in (1, 2, 3, 4)]

    assert [numbers(page) for page in found] == [[7, 6, 5], [4, 3, 2], [1], []]
    assert [page["hasNextPage"] for page in found] == [True, True, False, False]
    assert [page["hasPreviousPage"] for page in found] == [False, True, True, True]
    assert {(page["totalCount"], page["totalPages"]) for page in found} == {(7, 3)}


@every_kind
def test_a_long_list_is_counted_as_far_as_its_limit_or_its_page(
    mai: Api, group: ConversationSettings, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MAX_COUNTED", 4)
    store_many(group, range(1, 8), **kind.holds)

    found = [data_of(kind.of(mai, group, pageSize=2, pageNumber=n)) for n in (1, 2, 3, 4)]

    assert [page["totalCount"] for page in found] == [4, 5, 7, 7]
    assert [page["hasNextPage"] for page in found] == [True, True, True, False]


@every_kind
def test_only_participants_read_it(
    api: SignIn, mai: Api, group: ConversationSettings, kind: Kind
) -> None:
    store_message(group, 1, **kind.holds)

    outsider = kind.of(api(tenant_id=mai.tenant_id), group)
    foreigner = kind.of(api(user_id=mai.user_id), group)

    assert (outsider.status_code, error_of(outsider)["code"]) == (403, "not_a_participant")
    assert (foreigner.status_code, error_of(foreigner)["code"]) == (404, "conversation_not_found")


@every_kind
def test_an_archived_conversation_can_be_read(
    mai: Api, group: ConversationSettings, kind: Kind
) -> None:
    store_message(group, 1, **kind.holds)
    services.archive(group.id)

    assert numbers(data_of(kind.of(mai, group))) == [1]


@every_kind
def test_paths_and_parameters_match_without_case(
    mai: Api, group: ConversationSettings, kind: Kind
) -> None:
    store_many(group, range(1, 4), **kind.holds)

    path = f"{HISTORY}{group.id}/{kind.path}/?PAGESIZE=1&pagenumber=2"

    assert numbers(data_of(mai.get(path.upper()))) == [2]


@every_kind
@pytest.mark.parametrize(
    "query", [{"pageSize": 0}, {"pageSize": 201}, {"pageNumber": 0}, {"pageNumber": "x"}]
)
def test_a_page_out_of_bounds_is_refused(
    mai: Api, group: ConversationSettings, kind: Kind, query: Any
) -> None:
    response = kind.of(mai, group, **query)

    assert (response.status_code, error_of(response)["code"]) == (400, "invalid_field")
    assert [error_of(response)["details"]["field"]] == list(query)


@pytest.mark.parametrize("wrong", ["Sticker", "Texts", "0", "%20", "Văn bản"])
def test_a_type_that_does_not_exist_is_refused_with_those_that_do(
    mai: Api, group: ConversationSettings, wrong: str
) -> None:
    response = mai.get(f"{HISTORY}{group.id}/type/{wrong}")

    error = error_of(response)
    assert (response.status_code, error["code"]) == (400, "invalid_field")
    assert error["details"] == {
        "field": "messageType",
        "allowed": ["Text", "Image", "Video", "Audio", "File", "System"],
    }
    assert "Text, Image, Video, Audio, File, System" in error["message"]


@pytest.mark.parametrize("message_type", ["Image", "Video", "Audio", "File", "System"])
def test_each_type_has_its_list(mai: Api, group: ConversationSettings, message_type: str) -> None:
    for seq, kind in enumerate(("Text", "Image", "Video", "Audio", "File", "System"), start=1):
        store_message(group, seq, type=kind)

    (message,) = data_of(mai.get(f"{HISTORY}{group.id}/type/{message_type}"))["items"]

    assert message["type"] == message_type


def test_a_message_that_names_somebody_twice_is_in_the_list_once(
    mai: Api, group: ConversationSettings
) -> None:
    kind = KINDS["mentioning"]
    for seq in (1, 2):
        store_message(group, seq, mentions=[mention(AN), mention(new_id()), mention(AN)])

    page = data_of(kind.of(mai, group, pageSize=1))

    assert (numbers(page), page["totalCount"]) == ([2], 2)


@every_kind
def test_a_last_page_needs_no_count(
    mai: Api, group: ConversationSettings, kind: Kind, calls: Calls
) -> None:
    store_many(group, range(1, 41), **kind.holds)
    data_of(kind.of(mai, group))

    def cost(**query: Any) -> tuple[int, int]:
        before = calls.redis, calls.mongodb
        data_of(kind.of(mai, group, **query))
        return calls.redis - before[0], calls.mongodb - before[1]

    assert cost(pageSize=40) == (1, 2), "the messages, and who has read them"
    assert cost(pageNumber=2) == (1, 2)
    assert cost(pageNumber=1) == (1, 3)


@every_kind
def test_a_page_and_its_count_are_read_by_the_index_without_a_sort(
    mai: Api, group: ConversationSettings, kind: Kind, calls: Calls
) -> None:
    fields = {name: value for each in KINDS.values() for name, value in each.holds.items()}
    others = {"type": "Video"} | ({} if "isPinned" in kind.holds else {"isPinned": True})
    store_many(group, range(1, 301), **{**fields, "type": "Text", **kind.holds})
    store_many(group, range(301, 401), **{**fields, **kind.holds, "isDeleted": True})
    store_many(group, range(401, 421), **others)

    page = data_of(kind.of(mai, group, pageNumber=3))

    (find,) = calls.profiled({"command.find": "messages"})
    (count,) = calls.profiled({"command.aggregate": "messages"})
    assert numbers(page) == list(range(260, 240, -1))
    assert page["totalCount"] == 300
    assert not find.get("hasSortStage")
    assert not count.get("hasSortStage")
    assert index_of(find) == kind.index
    assert "COLLSCAN" not in count["planSummary"]
    if kind.index != "conversation_time":  # the history's index knows neither type nor deletion
        assert find["docsExamined"] <= 61
        assert count["docsExamined"] == 0


def test_their_indexes_are_partial(database: None) -> None:
    indexes = collection("messages").index_information()

    partial = {name for name, index in indexes.items() if "partialFilterExpression" in index}
    assert partial - {"quotes"} == {kind.index for kind in KINDS.values()} - {"conversation_time"}
