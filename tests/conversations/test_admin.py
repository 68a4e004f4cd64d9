"""Conversations in the admin: found, shown, renamed and archived, and never created or deleted."""

from datetime import UTC, datetime
from threading import Event, Thread

import pytest
from django.test import Client

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import services
from conversations.values import ConversationSettings, Person
from tests.conversations.admin_pages import LIST, document, form_of, found, page_of, row_of
from tests.conversations.conftest import person


def shown(staff: Client, **query: str) -> list[str]:
    response = staff.get(LIST, query)
    assert response.status_code == 200
    return [one.pk for one in response.context["cl"].result_list]


def test_a_conversation_is_found_by_name_id_and_participant(
    staff: Client, tenant: str, teacher: Person
) -> None:
    name = f"Tổ (Toán) {new_id()}"
    wanted = services.create_teacher_group(tenant, name, founder=teacher).settings
    services.create_teacher_group(tenant, "Tổ Lý", founder=person())

    for term in (name, wanted.id, wanted.id.upper(), teacher.user_id):
        assert shown(staff, q=term) == [wanted.id]
    assert wanted.id in shown(staff, q="tuyết mai", tenant_id=tenant)
    assert shown(staff, q="(" + new_id()) == []


def test_conversations_are_filtered_by_tenant_type_and_state(
    staff: Client, tenant: str, teacher: Person
) -> None:
    group = services.create_teacher_group(tenant, "Tổ Toán", founder=teacher).settings
    pair = services.create_one_to_one(tenant, teacher, person()).settings
    services.archive(group.id)

    assert set(shown(staff, tenant_id=tenant)) == {group.id, pair.id}
    assert shown(staff, tenant_id=tenant, type__exact="OneToOne") == [pair.id]
    assert shown(staff, tenant_id=tenant, is_active__exact="0") == [group.id]


def test_a_page_shows_the_last_message_as_the_consumer_wrote_it(
    staff: Client, group: ConversationSettings
) -> None:
    sent_at = datetime(2025, 11, 7, 10, 0, 0, 123_000, UTC)
    message = {"messageId": "m", "senderName": "Lan", "content": "Chào thầy", "sentAt": sent_at}
    collection("conversations").update_one(
        {"_id": group.id}, {"$set": {"lastMessage": message, "log": {"p3": {"t": 1, "o": 77}}}}
    )

    page = staff.get(page_of(group)).content.decode()

    assert "2025-11-07 10:00" in page
    assert "Lan: Chào thầy" in page
    assert "77" in page
    assert "2025-11-07T10:00:00.123Z" in staff.get(LIST, {"q": group.id}).content.decode()


def test_nobody_creates_or_deletes_a_conversation_in_admin(
    staff: Client, group: ConversationSettings
) -> None:
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(f"{LIST}{group.id}/delete/", {"post": "yes"}).status_code == 403
    assert document(group)


def test_a_new_name_goes_through_the_service(
    staff: Client, group: ConversationSettings, teacher: Person
) -> None:
    found(group, teacher)

    response = staff.post(page_of(group), form_of(staff, group) | {"name": "Tổ Toán - Tin"})

    assert response.status_code == 302
    settings = found(group, teacher).settings
    assert settings
    assert (settings.name, settings.version) == ("Tổ Toán - Tin", group.version + 1)
    assert document(group)["name"] == "Tổ Toán - Tin"


@pytest.mark.parametrize("name", ["Tổ\u202eToán", "Tổ\tToán"])
def test_a_name_with_controls_is_refused_as_over_rest(
    staff: Client, group: ConversationSettings, name: str
) -> None:
    response = staff.post(page_of(group), form_of(staff, group) | {"name": name}, follow=True)

    assert "must not hold control characters" in response.content.decode()
    assert document(group)["name"] == group.name


def test_saving_an_unchanged_page_changes_nothing(
    staff: Client, group: ConversationSettings
) -> None:
    before = document(group)

    assert staff.post(page_of(group), form_of(staff, group)).status_code == 302

    assert document(group) == before


def test_only_what_can_be_changed_is_in_the_form(
    staff: Client, tenant: str, group: ConversationSettings, teacher: Person
) -> None:
    pair = services.create_one_to_one(tenant, teacher, person()).settings

    assert list(staff.get(page_of(group)).context["adminform"].form.fields) == ["name"]
    of_pair = staff.get(page_of(pair)).context
    assert list(of_pair["adminform"].form.fields) == []
    (participants,) = of_pair["inline_admin_formsets"]
    assert not participants.has_add_permission
    assert not participants.has_change_permission
    assert not participants.has_delete_permission


def test_conversations_are_archived_and_restored_by_an_action(
    staff: Client, group: ConversationSettings, teacher: Person
) -> None:
    found(group, teacher)
    for action, is_active in (("archive", False), ("restore", True)):
        response = staff.post(LIST, {"action": action, "_selected_action": [group.id]})

        assert response.status_code == 302
        settings = found(group, teacher).settings
        assert settings
        assert settings.is_active is document(group)["isActive"] is is_active


def test_saving_under_load_changes_nothing_that_the_consumer_writes(
    staff: Client, group: ConversationSettings, teacher: Person
) -> None:
    """A thread plays the consumer and counts up; whatever admin wrote back would be older."""
    over = Event()
    lost: list[int] = []
    members = {"conversationId": group.id, "userId": teacher.user_id}

    def consume() -> None:
        seq = 0
        while not over.is_set():
            head = {"lastSeq": seq, "lastMessage": {"seq": seq, "sentAt": datetime.now(UTC)}}
            conversation = collection("conversations").find_one_and_update(
                {"_id": group.id}, {"$set": {**head, "log": {"p1": {"t": 1, "o": seq}}}}
            )
            participant = collection("participants").find_one_and_update(
                members, {"$set": {"readSeq": seq, "readAt": datetime.now(UTC)}}
            )
            was = (conversation or {}).get("lastSeq"), (participant or {}).get("readSeq")
            if seq and was != (seq - 1, seq - 1):
                lost.append(seq)
            seq += 1

    consumer = Thread(target=consume)
    consumer.start()
    try:
        for number in range(10):
            form = form_of(staff, group) | {"name": f"Tổ {number}"}
            form[f"{row_of(form, group, teacher)}-role"] = "Admin"
            assert staff.post(page_of(group), form).status_code == 302
    finally:
        over.set()
        consumer.join(20)

    assert not lost
    after = document(group)
    assert after["name"] == "Tổ 9"
    assert after["lastSeq"] == after["lastMessage"]["seq"] == after["log"]["p1"]["o"] > 0
