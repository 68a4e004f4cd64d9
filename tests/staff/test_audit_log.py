"""Every change that staff make stands in the audit log, and nobody takes it out there."""

from typing import Any

import pytest
from django.test import Client

from chat_project.mongodb import collection
from conversations import services
from conversations.values import Role
from staff.changes import Change, audited
from tests.admin_forms import form_of
from tests.staff.conftest import (
    AUDIT,
    CONVERSATIONS,
    PARTICIPANTS,
    School,
    listed,
    make_user,
    person,
    signed_in,
)
from tests.staff.conftest import audited as entries_of


def changes_of(school: School) -> list[dict[str, Any]]:
    """Without the entry that the school was made with."""
    return entries_of(school.group.id)[1:]


def test_a_new_name_is_noted_with_the_old_one(staff: Client, own: School) -> None:
    path = f"{CONVERSATIONS}{own.group.id}/change/"
    old = own.group.name

    staff.post(path, form_of(staff, path) | {"name": "Tổ Toán - Tin"})

    [entry] = changes_of(own)
    assert entry["action"] == "rename conversation"
    assert entry["by"] == own.user.username
    assert entry["tenantId"] == own.tenant_id
    assert entry["details"] == {"before": {"name": old}, "after": {"name": "Tổ Toán - Tin"}}


def test_archive_and_restore_are_noted_once(staff: Client, own: School) -> None:
    for action in ("archive", "archive", "restore"):
        staff.post(CONVERSATIONS, {"action": action, "_selected_action": [own.group.id]})

    entries = changes_of(own)

    assert [each["action"] for each in entries] == ["archive conversation", "restore conversation"]
    assert entries[0]["details"] == {"before": {"isActive": True}, "after": {"isActive": False}}


def test_participants_in_a_conversations_form_are_noted(staff: Client, own: School) -> None:
    heir, leaver, newcomer = person("An"), person("Bình"), person("Chi")
    services.add_participants(own.group.id, [heir, leaver], Role.MEMBER)
    path = f"{CONVERSATIONS}{own.group.id}/change/"
    form = form_of(staff, path)
    rows = {
        str(row["userId"]): f"participants-{place}"
        for place, row in enumerate(
            collection("participants").find({"conversationId": own.group.id}).sort("userId", 1)
        )
    }
    form |= {
        f"{rows[heir.user_id]}-role": "Admin",
        f"{rows[leaver.user_id]}-DELETE": "on",
        "participants-TOTAL_FORMS": 4,
        "participants-3-user_id": newcomer.user_id,
        "participants-3-user_name": "Chi",
        "participants-3-role": "Member",
        "participants-3-conversation": own.group.id,
    }

    assert staff.post(path, form).status_code == 302

    told = {each["action"]: each["details"] for each in changes_of(own)}
    assert told["add participant"]["after"]["userId"] == newcomer.user_id
    assert told["change role"]["before"]["role"] == "Member"
    assert told["change role"]["after"] == {
        "userId": heir.user_id,
        "userName": "An",
        "role": "Admin",
    }
    assert told["remove participant"]["before"]["userId"] == leaver.user_id


def test_participants_on_pages_of_their_own_are_noted(staff: Client, own: School) -> None:
    newcomer = person("Chi")
    sent = {"conversation": own.group.id, "user_id": newcomer.user_id, "user_name": "Chi"}
    staff.post(f"{PARTICIPANTS}add/", {**sent, "role": "Member"})
    [key] = listed(staff, PARTICIPANTS, q=newcomer.user_id)
    staff.post(f"{PARTICIPANTS}{key}/change/", {"role": "ReadOnly"})
    staff.post(f"{PARTICIPANTS}{key}/delete/", {"post": "yes"})

    entries = changes_of(own)

    assert [each["action"] for each in entries] == [
        "add participant",
        "change role",
        "remove participant",
    ]
    assert all(each["by"] == own.user.username for each in entries)
    assert entries[1]["details"]["before"]["role"] == "Member"


def test_what_the_service_refuses_is_noted_as_not_done(staff: Client, own: School) -> None:
    staff.post(f"{PARTICIPANTS}{own.participant_id}/delete/", {"post": "yes"})

    asked, refused = changes_of(own)

    assert (asked["action"], refused["action"]) == (
        "remove participant",
        "not done: remove participant",
    )
    assert refused["details"]["entry"] == str(asked["_id"])
    assert "at least one Admin" in refused["details"]["why"]


def test_no_change_is_made_without_its_entry(
    staff: Client, own: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry is written first: what cannot be noted is not done."""

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr("staff.changes.audit_log.note", full)

    with pytest.raises(OSError, match="no room"):
        staff.post(CONVERSATIONS, {"action": "archive", "_selected_action": [own.group.id]})

    found = collection("conversations").find_one({"_id": own.group.id}) or {}
    assert found["isActive"] is True


def test_the_log_is_read_with_before_and_after(staff: Client, own: School) -> None:
    page = staff.get(f"{AUDIT}{own.entry_id}/change/").content.decode()

    assert "rename conversation" in page
    assert "&quot;before&quot;" in page


@pytest.mark.parametrize("who", ["staff", "superuser"])
def test_nobody_adds_changes_or_removes_an_entry(
    request: pytest.FixtureRequest, own: School, who: str
) -> None:
    client: Client = request.getfixturevalue(who)
    before = entries_of(own.group.id)
    entry = f"{AUDIT}{own.entry_id}"

    assert client.get(f"{AUDIT}add/").status_code == 403
    assert client.post(f"{AUDIT}add/", {"action": "x"}).status_code == 403
    assert client.post(f"{entry}/change/", {"action": "x"}).status_code == 403
    assert client.post(f"{entry}/delete/", {"post": "yes"}).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": [str(own.entry_id)], "post": "yes"}
    client.post(AUDIT, sent)

    assert entries_of(own.group.id) == before


def test_the_log_is_searched_by_person_and_by_target(superuser: Client, own: School) -> None:
    user = make_user(own.tenant_id)
    change = {"action": "archive", "_selected_action": [own.group.id]}
    signed_in(user).post(CONVERSATIONS, change)

    assert len(listed(superuser, AUDIT, q=user.username)) == 1
    assert len(listed(superuser, AUDIT, q=own.group.id)) == 2


def test_an_entry_without_a_school_is_for_superusers(staff: Client, superuser: Client) -> None:
    change = Change(by="root", action="grow topic", target="a-topic-of-nobody", tenant_id=None)
    with audited(change):
        pass

    assert listed(superuser, AUDIT, q="a-topic-of-nobody")
    assert listed(staff, AUDIT, q="a-topic-of-nobody") == []
