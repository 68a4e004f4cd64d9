"""What a list looks at to count unread messages is bounded for the page, however far one is behind."""

from datetime import timedelta

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations.unread import LEAST_LIMIT, LIMIT, LIMIT_OF_PAGE, limit_on_page
from tests.conftest import Api
from tests.conversations.api.conftest import NOON, Calls, SignIn, ids, page_of, shown
from tests.conversations.api.test_costs import store_conversations

CONVERSATIONS = 50
BEHIND = 600


@pytest.mark.parametrize(
    ("conversations", "each"),
    [(1, LIMIT), (2, LIMIT), (20, 1_000), (40, LEAST_LIMIT), (200, LEAST_LIMIT)],
)
def test_a_page_shares_what_it_may_look_at(conversations: int, each: int) -> None:
    assert limit_on_page(conversations) == each
    assert conversations * each <= max(LIMIT_OF_PAGE, conversations * LEAST_LIMIT)


@pytest.fixture
def far_behind(api: SignIn) -> Api:
    """A user with 50 conversations of 600 unread messages each."""
    user = api(name="Phạm Thị Mai")
    other = api(tenant_id=user.tenant_id, name="Lan")
    for conversation_id in store_conversations(user, other, CONVERSATIONS):
        collection("messages").insert_many(
            {
                "_id": new_id(),
                "conversationId": conversation_id,
                "tenantId": user.tenant_id,
                "seq": seq,
                "senderId": other.user_id,
                "type": "Text",
                "content": f"Tin nhắn {seq}",
                "status": "Sent",
                "sentAt": NOON + timedelta(seconds=seq),
            }
            for seq in range(2, BEHIND + 1)  # each has its first one
        )
    return user


def test_a_large_page_counts_less_far_than_a_small_one(far_behind: Api, calls: Calls) -> None:
    large = page_of(far_behind, pageSize=CONVERSATIONS)["items"]
    counting = calls.profiled(
        {"ns": {"$regex": r"\.participants$"}, "docsExamined": {"$gt": 1_000}}
    )
    small = page_of(far_behind, pageSize=20)["items"]

    assert {each["unreadCount"] for each in large} == {LEAST_LIMIT}
    assert [each["docsExamined"] <= CONVERSATIONS * (LEAST_LIMIT + 2) for each in counting] == [
        True
    ]
    assert {each["unreadCount"] for each in small} == {BEHIND}
    assert shown(far_behind, ids(small)[0])["unreadCount"] == BEHIND
