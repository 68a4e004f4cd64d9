"""The messages of a conversation in the admin."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.timestamps import now
from messaging.admin.reading import PAGE_SIZE, message_page
from staff.roles import StaffRole
from tests.staff.conftest import CONVERSATIONS, School, make_user, signed_in

Store = Callable[..., str]


@pytest.fixture
def store(own: School) -> Store:
    """Stores a message of `own`'s group as the consumer does; gives its id."""
    numbers = iter(range(1, 1_000))

    def make(content: str = "Chào thầy", **fields: Any) -> str:
        seq = next(numbers)
        message: dict[str, Any] = {
            "_id": new_id(),
            "conversationId": own.group.id,
            "tenantId": own.tenant_id,
            "seq": seq,
            "senderId": own.teacher.user_id,
            "senderName": own.teacher.user_name,
            "type": "Text",
            "content": content,
            "status": "Sent",
            "sentAt": now() + timedelta(seconds=seq),
            "src": {"t": 9, "p": 0, "o": seq},
            **fields,
        }
        collection("messages").insert_one(message)
        return str(message["_id"])

    return make


def page_of(client: Client, school: School, **query: Any) -> Any:
    response = client.get(f"{CONVERSATIONS}{school.group.id}/messages/", query)
    assert response.status_code == 200
    return response


def numbers(response: Any) -> list[int]:
    return [message.seq for message in response.context["page"].messages]


def test_pages_go_back_and_forth_by_number(staff: Client, own: School, store: Store) -> None:
    for number in range(PAGE_SIZE * 2 + 10):
        store(f"message {number}")

    newest = page_of(staff, own)
    assert numbers(newest) == list(range(110, 60, -1))
    assert newest.context["page"].newer_than is None
    middle = page_of(staff, own, before=newest.context["page"].older_than)
    assert numbers(middle) == list(range(60, 10, -1))
    oldest = page_of(staff, own, before=middle.context["page"].older_than)
    assert numbers(oldest) == list(range(10, 0, -1))
    assert oldest.context["page"].older_than is None
    back = page_of(staff, own, after=oldest.context["page"].newer_than)
    assert numbers(back) == list(range(60, 10, -1))
    again = page_of(staff, own, after=back.context["page"].newer_than)
    assert numbers(again) == list(range(110, 60, -1))
    assert again.context["page"].newer_than is None


@pytest.mark.parametrize("given", ["x", "-1", "", "9" * 40, "½", "0"])
def test_a_number_that_is_none_is_not_an_error(
    staff: Client, own: School, store: Store, given: str
) -> None:
    store()

    assert page_of(staff, own, before=given)
    assert page_of(staff, own, after=given)


def test_a_deleted_message_keeps_its_place_without_its_text(
    staff: Client, own: School, store: Store
) -> None:
    gone = {"isDeleted": True, "deletedBy": "user-7", "deletedAt": now(), "content": "a secret"}
    store(**gone)
    store("Vẫn còn")

    page = page_of(staff, own)

    assert numbers(page) == [2, 1]
    assert "Message deleted by user-7" in page.content.decode()
    assert "a secret" not in page.content.decode()


def test_who_may_change_sees_what_was_said_before_an_edit(
    own: School, staff: Client, store: Store
) -> None:
    earlier = [{"content": "Hẹn 7 giờ", "until": now()}]
    store("Hẹn 8 giờ", editedAt=now(), history=earlier)

    assert "Hẹn 7 giờ" in page_of(staff, own).content.decode()
    reader = signed_in(make_user(own.tenant_id, StaffRole.READER))
    page = page_of(reader, own).content.decode()
    assert "Hẹn 8 giờ" in page
    assert "Hẹn 7 giờ" not in page


def test_own_files_are_signed_links_and_no_address_is_a_script(
    staff: Client, own: School, store: Store
) -> None:
    id_ = new_id()
    files = [
        {"attachmentId": id_, "fileName": "điểm.pdf", "url": f"/api/v1/attachments/{id_}"},
        {"attachmentId": "b", "fileName": "b.png", "url": "https://files.example/b.png"},
        {"attachmentId": "c", "fileName": "c.png", "url": "javascript:alert(1)"},
    ]
    store(type="File", attachments=files)

    page = page_of(staff, own).content.decode()

    assert f'href="/api/v1/attachments/{id_}?token=' in page
    assert 'href="https://files.example/b.png"' in page
    assert "c.png" in page
    assert "javascript:" not in page


def test_nothing_that_people_wrote_is_markup(staff: Client, own: School, store: Store) -> None:
    attack = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    quote = {"messageId": "m", "senderName": attack, "content": attack}
    store(
        attack,
        senderName=attack,
        replyTo=quote,
        editedAt=now(),
        history=[{"content": attack, "until": now()}],
    )

    page = page_of(staff, own).content.decode()

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_page_costs_one_query_by_the_index_of_numbers(own: School, store: Store) -> None:
    store()
    query = {"conversationId": own.group.id, "seq": {"$lt": 10}}
    found = collection("messages").find(query, hint="conversation_seq", sort=[("seq", -1)])

    plan = str(found.limit(51).explain()["queryPlanner"]["winningPlan"])

    assert "IXSCAN" in plan
    assert "'SORT'" not in plan
    assert len(message_page(own.group.id, shows_history=True).messages) == 1


def test_who_may_not_see_conversations_sees_no_messages(own: School) -> None:
    user = make_user(own.tenant_id)
    user.groups.clear()

    response = signed_in(user).get(f"{CONVERSATIONS}{own.group.id}/messages/")

    assert response.status_code == 403


def test_an_unknown_conversation_is_not_found(staff: Client) -> None:
    assert staff.get(f"{CONVERSATIONS}{new_id()}/messages/").status_code == 404
