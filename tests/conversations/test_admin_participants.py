"""Participants in the admin: on their conversation's page, on pages of their own, removed."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from chat_project.mongodb import collection
from conversations import services
from conversations.models import Participant
from conversations.values import ConversationSettings, Person, Role
from tests.conversations.admin_pages import document, form_of, found, page_of, row_of
from tests.conversations.conftest import person

PARTICIPANTS = "/admin/conversations/participant/"


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


def test_a_name_that_a_rule_refuses_is_told_at_its_field(
    staff: Client, group: ConversationSettings
) -> None:
    """Of 200 letters with two UTF-16 units each: Django's own limit lets it pass."""
    name, before = "𝔸" * 200, document(group)["name"]
    form = form_of(staff, group)
    row = {"conversation": group.id, "user_id": "gv-1", "user_name": name, "role": "Member"}
    new = {f"participants-1-{key}": value for key, value in row.items()}

    responses = [
        staff.post(page_of(group), form | {"name": name}),
        staff.post(page_of(group), form | new | {"participants-TOTAL_FORMS": 2}),
        staff.post(f"{PARTICIPANTS}add/", row),
    ]

    for response in responses:
        assert "has more than 255 UTF-16 units" in errors_of(response)
    assert document(group)["name"] == before
    assert collection("audit_log").count_documents({"target": group.id}) == 0
