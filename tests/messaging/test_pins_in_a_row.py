"""Pins and unpins that follow each other faster than they are stored."""

from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import MESSAGES, TEXT, data_of, text_for
from tests.messaging.storing import store_sent


def test_a_pin_right_after_an_unpin_counts(
    mai: Api, colleague: Api, group: ConversationSettings
) -> None:
    one = MESSAGES + data_of(mai.post(TEXT, text_for(group)))["messageId"]
    store_sent(group.id)
    data_of(colleague.post(f"{one}/pin", None))
    [pinned] = store_sent(group.id)

    data_of(colleague.post(f"{one}/unpin", None))
    answer = data_of(mai.post(f"{one}/pin", None))
    [pinned_again] = store_sent(group.id)

    assert (pinned["isPinned"], pinned["pinnedBy"]) == (True, colleague.user_id)
    assert (pinned_again["isPinned"], pinned_again["pinnedBy"]) == (True, mai.user_id)
    assert answer["isPinned"]


def test_the_first_of_two_pins_is_answered_and_stays(
    mai: Api, colleague: Api, group: ConversationSettings
) -> None:
    one = MESSAGES + data_of(mai.post(TEXT, text_for(group)))["messageId"]
    store_sent(group.id)
    data_of(colleague.post(f"{one}/pin", None))
    [pinned] = store_sent(group.id)

    answer = data_of(mai.post(f"{one}/pin", None))
    [still] = store_sent(group.id)

    assert answer["pinnedBy"] == still["pinnedBy"] == colleague.user_id
    assert still["pinnedAt"] == pinned["pinnedAt"]
