"""What a list looks at to count unread messages is bounded for the page, however far one is behind."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations.unread import LEAST_LIMIT, LIMIT, LIMIT_OF_PAGE, limit_on_page
from tests.conftest import Api
from tests.conversations.api.conftest import NOON, Calls, SignIn, ids, page_of, shown
from tests.conversations.api.test_costs import store_conversations

CONVERSATIONS = 50
BEHIND = 600


@pytest.mark.parametrize(
    ("behind", "each"),
    [
        ([], LIMIT),
        ([30_000], LIMIT),
        ([9_000, *[500] * 19], LIMIT),
        ([9_000, 9_000, *[500] * 18], 5_500),
        ([2_000] * 20, 1_000),
        ([600] * 50, LEAST_LIMIT),
        ([100_000] * 200, LEAST_LIMIT),
    ],
)
def test_a_page_shares_what_it_may_look_at(behind: list[int], each: int) -> None:
    assert limit_on_page(behind) == each
    looked_at = sum(min(one, each) for one in behind)
    assert looked_at <= max(LIMIT_OF_PAGE, len(behind) * LEAST_LIMIT)


@given(st.lists(st.integers(0, 3 * LIMIT), max_size=60))
def test_nothing_is_cut_short_while_there_is_room(behind: list[int]) -> None:
    each = limit_on_page(behind)
    if sum(min(one, LIMIT) for one in behind) <= LIMIT_OF_PAGE:
        assert each == LIMIT
    if LEAST_LIMIT < each < LIMIT:  # one message more of each that is cut short would be too many
        assert sum(min(one, each + 1) for one in behind) > LIMIT_OF_PAGE


@pytest.fixture
def far_behind(api: SignIn) -> Api:
    """A user with 50 conversations of 600 unread messages each."""
    user = api(name="Phạm Thị Mai")
    other = api(tenant_id=user.tenant_id, name="Lan")
    conversation_ids = store_conversations(user, other, CONVERSATIONS)
    collection("conversations").update_many(
        {"_id": {"$in": conversation_ids}}, {"$set": {"lastSeq": BEHIND}}
    )
    for conversation_id in conversation_ids:
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
