import re
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import cache, services
from conversations.cache import Found, Lookup
from conversations.models import Participant
from conversations.values import ConversationSettings, Person, Role
from tests.conversations.conftest import person

LIST = "/admin/conversations/conversation/"
PARTICIPANTS = "/admin/conversations/participant/"


@pytest.fixture
def staff(database: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser(new_id()))
    return client


def page_of(conversation: ConversationSettings) -> str:
    return f"{LIST}{conversation.id}/change/"


def found(conversation: ConversationSettings, user: Person) -> Found:
    return cache.look_up([Lookup(conversation.id, user.user_id)])[0]


def document(conversation: ConversationSettings) -> dict[str, Any]:
    return collection("conversations").find_one({"_id": conversation.id}) or {}


def form_of(staff: Client, conversation: ConversationSettings) -> dict[str, Any]:
    """The page's form as a browser sends it when nothing was changed."""
    context = staff.get(page_of(conversation)).context
    form = context["adminform"].form
    sent = {name: form.initial.get(name) for name in form.fields}
    for inline in context["inline_admin_formsets"]:
        management = inline.formset.management_form
        sent |= {management.add_prefix(name): value for name, value in management.initial.items()}
        for row in inline.formset.initial_forms:
            enabled = [name for name, field in row.fields.items() if not field.disabled]
            sent |= {row.add_prefix(name): row[name].value() for name in enabled}
    return {name: value for name, value in sent.items() if value not in (None, False)}


def row_of(form: dict[str, Any], conversation: ConversationSettings, user: Person) -> str:
    """The prefix of this participant's row."""
    row = Participant.objects.get(conversation_id=conversation.id, user_id=user.user_id)
    name = next(name for name, value in form.items() if str(value) == str(row.pk))
    return name.removesuffix("-id")


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

    assert "2025-11-07T10:00:00.123Z" in page
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


def test_roles_newcomers_and_removals_of_one_form_count_at_once(
    staff: Client, group: ConversationSettings, teacher: Person
) -> None:
    heir, leaver, newcomer = person(), person(), person("Đỗ Quang Huy")
    services.add_participants(group.id, [heir, leaver], Role.MEMBER)
    assert found(group, newcomer).membership.role is None
    form = form_of(staff, group)
    new = "participants-3"
    form |= {
        f"{row_of(form, group, teacher)}-role": "ReadOnly",
        f"{row_of(form, group, heir)}-role": "Admin",
        f"{row_of(form, group, leaver)}-DELETE": "on",
        "participants-TOTAL_FORMS": 4,
        f"{new}-user_id": newcomer.user_id,
        f"{new}-user_name": newcomer.user_name,
        f"{new}-role": "Member",
        f"{new}-conversation": group.id,
    }

    response = staff.post(page_of(group), form, follow=True)

    assert "was changed successfully" in response.content.decode()
    roles = [found(group, one).membership.role for one in (teacher, heir, leaver, newcomer)]
    assert roles == [Role.READ_ONLY, Role.ADMIN, None, Role.MEMBER]
    stored = collection("participants").find({"conversationId": group.id})
    assert {one["userId"]: one["role"] for one in stored} == {
        teacher.user_id: "ReadOnly",
        heir.user_id: "Admin",
        newcomer.user_id: "Member",
    }


def test_a_refusal_of_the_service_is_shown_to_staff(
    staff: Client, group: ConversationSettings, teacher: Person
) -> None:
    form = form_of(staff, group)
    form |= {f"{row_of(form, group, teacher)}-DELETE": "on"}

    page = staff.post(page_of(group), form, follow=True).content.decode()

    assert "A group keeps at least one Admin" in page
    assert "was changed successfully" not in page
    assert found(group, teacher).membership.role is Role.ADMIN


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


@pytest.mark.parametrize(("more", "inline"), [(199, True), (200, False)], ids=["200", "201"])
def test_above_two_hundred_participants_are_behind_a_link(
    staff: Client, group: ConversationSettings, more: int, inline: bool
) -> None:
    services.add_participants(group.id, [person() for _ in range(more)], Role.READ_ONLY)

    response = staff.get(page_of(group))

    assert bool(response.context["inline_admin_formsets"]) is inline
    (link,) = re.findall(
        r'href="(/admin/conversations/participant/\?[^"]+)"', response.content.decode()
    )
    listed = staff.get(link).context["cl"]
    assert listed.result_count == more + 1
    saved = staff.post(page_of(group), form_of(staff, group) | {"name": "Tổ Lý"})
    assert saved.status_code == 302
    assert document(group)["name"] == "Tổ Lý"


def test_a_participant_has_a_page_to_change_add_and_remove_them(
    staff: Client, group: ConversationSettings
) -> None:
    newcomer = person()
    assert found(group, newcomer).membership.role is None

    added = {
        "conversation": group.id,
        "user_id": newcomer.user_id,
        "user_name": newcomer.user_name,
        "role": "Member",
    }
    assert staff.post(f"{PARTICIPANTS}add/", added).status_code == 302
    assert found(group, newcomer).membership.role is Role.MEMBER
    (row,) = staff.get(PARTICIPANTS, {"q": newcomer.user_id}).context["cl"].result_list

    assert staff.get(f"{PARTICIPANTS}{row.pk}/change/").status_code == 200
    changed = staff.post(f"{PARTICIPANTS}{row.pk}/change/", {"role": "ReadOnly"})
    assert changed.status_code == 302
    assert found(group, newcomer).membership.role is Role.READ_ONLY

    assert staff.get(f"{PARTICIPANTS}{row.pk}/delete/").status_code == 200
    removed = staff.post(f"{PARTICIPANTS}{row.pk}/delete/", {"post": "yes"})
    assert removed.status_code == 302
    assert found(group, newcomer).membership.role is None


def errors_of(response: Any) -> str:
    """What the fields of the page complain about; the page was shown again."""
    assert response.status_code == 200
    return " ".join(re.findall(r"errorlist.*?<li>(.*?)</li>", response.content.decode(), re.DOTALL))


@pytest.mark.parametrize("written", [str.lower, str.upper], ids=["lower", "upper"])
def test_who_is_in_already_is_not_added_again(
    staff: Client, group: ConversationSettings, teacher: Person, written: Callable[[str], str]
) -> None:
    row = {
        "conversation": group.id,
        "user_id": written(teacher.user_id),
        "user_name": "Another name",
        "role": "Member",
    }
    in_page = {f"participants-1-{name}": value for name, value in row.items()}
    form = form_of(staff, group) | in_page | {"participants-TOTAL_FORMS": 2}

    for response in (staff.post(f"{PARTICIPANTS}add/", row), staff.post(page_of(group), form)):
        assert "is a participant already" in errors_of(response)
    assert found(group, teacher).membership.role is Role.ADMIN


def test_one_newcomer_in_two_rows_is_refused(staff: Client, group: ConversationSettings) -> None:
    newcomer = person()
    form = form_of(staff, group) | {"participants-TOTAL_FORMS": 3}
    for number, role in ((1, "Member"), (2, "Admin")):
        row = {"user_id": newcomer.user_id, "user_name": "Huy", "role": role}
        row["conversation"] = group.id
        form |= {f"participants-{number}-{name}": value for name, value in row.items()}

    response = staff.post(page_of(group), form)

    assert "in two new rows" in errors_of(response)
    assert found(group, newcomer).membership.role is None


def test_participants_removed_by_the_action_are_out_at_once(
    staff: Client, group: ConversationSettings, teacher: Person
) -> None:
    leaver = person()
    services.add_participants(group.id, [leaver], Role.MEMBER)
    found(group, leaver)
    rows = Participant.objects.filter(conversation_id=group.id, user_id=leaver.user_id)

    sent = {"action": "delete_selected", "_selected_action": [rows.get().pk], "post": "yes"}
    assert staff.post(PARTICIPANTS, sent).status_code == 302

    assert found(group, leaver).membership.role is None
    assert found(group, teacher).membership.role is Role.ADMIN


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
