"""A change once more under its key does nothing: the answer is the message as it is now."""

from collections.abc import Callable
from typing import Any

import pytest

from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import MESSAGES, TEXT, data_of, records_in, text_for
from tests.messaging.storing import store_sent

Change = Callable[[Api, str, str | None], Any]


def pin(user: Api, one: str, key: str | None = None) -> Any:
    return user.post(f"{one}/pin", None, idempotency_key=key)


def unpin(user: Api, one: str, key: str | None = None) -> Any:
    return user.post(f"{one}/unpin", None, idempotency_key=key)


def react(user: Api, one: str, key: str | None = None) -> Any:
    return user.post(f"{one}/reactions", {"emojiCode": "👍"}, idempotency_key=key)


def take_back(user: Api, one: str, _key: str | None = None) -> Any:
    return user.delete(f"{one}/reactions?emoji=👍")


@pytest.mark.parametrize(
    ("change", "opposite"),
    [(pin, unpin), (unpin, pin), (react, take_back)],
    ids=["pin", "unpin", "react"],
)
def test_a_repetition_is_answered_with_what_came_since(
    mai: Api, group: ConversationSettings, change: Change, opposite: Change
) -> None:
    one = MESSAGES + data_of(mai.post(TEXT, text_for(group)))["messageId"]
    store_sent(group.id)
    first = data_of(change(mai, one, "k"))
    store_sent(group.id)
    data_of(opposite(mai, one, None))
    store_sent(group.id)

    again = data_of(change(mai, one, "k"))

    assert again == data_of(mai.get(one))
    assert (again["isPinned"], again["reactions"]) != (first["isPinned"], first["reactions"])
    assert len(records_in(group.id)) == 3
