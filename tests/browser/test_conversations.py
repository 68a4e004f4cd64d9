"""Conversations in a browser: found, archived, renamed, and people added and removed."""

import pytest
from playwright.sync_api import expect

from chat_project.mongodb import collection
from conversations.values import Person
from tests.browser.conftest import Visit
from tests.browser.lists import CONVERSATIONS, act, expect_list, expect_listed, search, tick
from tests.browser.school import School
from tests.waiting import wait_until


def test_conversations_are_searched_by_name_participant_student_and_class(
    staff: Visit, school: School
) -> None:
    search(staff, "to toan")
    expect_list(staff, "Tổ Toán - Tin")
    search(staff, "minh anh")
    expect_list(staff, "Student: Nguyễn Minh Anh")
    search(staff, school.student_id)
    expect_list(staff, "Student: Nguyễn Minh Anh")
    search(staff, school.class_id)
    expect_list(staff, "Student: Nguyễn Minh Anh", "Class: 10A1")
    search(staff, school.mother.user_id)
    expect_listed(staff, "Thông báo của nhà trường")
    search(staff, "tuyet mai")
    expect_listed(staff, "Tổ Toán - Tin")
    expect_listed(staff, "Thông báo của nhà trường")


def test_conversations_are_filtered(staff: Visit, school: School) -> None:
    staff.go(CONVERSATIONS)
    filters = staff.page.locator("#changelist-filter")
    expect(filters).not_to_contain_text("By school")
    filters.get_by_role("link", name="Archived").click()
    expect_list(staff, "Kế hoạch năm học trước")
    filters.get_by_role("link", name="Clear all filters").click()
    expect_listed(staff, "Class: 10A1")
    filters.get_by_role("link", name="AnnouncementChannel").click()
    expect_list(staff, "Thông báo của nhà trường")
    filters.get_by_role("link", name="Clear all filters").click()
    expect_listed(staff, "Class: 10A1")
    filters.get_by_role("link", name="Written in the last 24 hours").click()
    expect_listed(staff, "Kế hoạch năm học trước", times=0)
    expect_listed(staff, "Student: Nguyễn Minh Anh")


@pytest.mark.parametrize("who", ["staff", "on_a_phone"])
def test_a_conversation_is_archived_and_restored_and_the_api_knows_at_once(
    request: pytest.FixtureRequest, school: School, who: str
) -> None:
    visit: Visit = request.getfixturevalue(who)
    group = school.new_group(f"Câu lạc bộ Cờ vua {who}")
    assert school.may_send(school.teacher, group.id)

    search(visit, f"cờ vua {who}")
    tick(visit, group.name)
    act(visit, "Archive: nobody can write any more")
    expect(visit.page.locator(".messagelist")).to_contain_text("Archived: 1")
    assert not school.may_send(school.teacher, group.id)

    tick(visit, group.name)
    act(visit, "Restore from the archive")
    expect(visit.page.locator(".messagelist")).to_contain_text("Restored: 1")
    assert school.may_send(school.teacher, group.id)


def test_a_group_gets_another_name_and_is_told_of_it(staff: Visit, school: School) -> None:
    group = school.new_group("Tổ Văn")
    staff.go(f"{CONVERSATIONS}{group.id}/change/")

    staff.page.locator("#id_name").fill("Tổ Ngữ văn")
    staff.page.get_by_role("button", name="Save", exact=True).click()

    expect(staff.page.locator(".messagelist")).to_contain_text("was changed successfully")
    told = {"conversationId": group.id, "type": "System"}
    message = wait_until(lambda: collection("messages").find_one(told), "a System message")
    assert "Tổ Ngữ văn" in message["content"]


def test_people_are_added_promoted_and_removed_in_one_form(staff: Visit, school: School) -> None:
    group = school.new_group("Tổ Sử")
    newcomer = Person(f"{school.tenant_id}-gv-09", "Đỗ Quang Huy")
    assert not school.may_send(newcomer, group.id)
    staff.go(f"{CONVERSATIONS}{group.id}/change/")
    page = staff.page

    page.get_by_role("button", name="Add another Participant").or_(
        page.get_by_role("link", name="Add another Participant")
    ).click()
    page.locator("#id_participants-2-user_id").fill(newcomer.user_id)
    page.locator("#id_participants-2-user_name").fill(newcomer.user_name)
    page.locator("#id_participants-2-role").select_option("Admin")
    mother = page.locator("tr.has_original").filter(has_text=school.mother.user_name)
    mother.locator("input[type=checkbox]").check()
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")
    assert school.may_send(newcomer, group.id)
    assert not school.may_send(school.mother, group.id)
    roles = {
        each["userId"]: each["role"]
        for each in collection("participants").find({"conversationId": group.id})
    }
    assert roles[newcomer.user_id] == "Admin"


def test_what_is_refused_is_told(staff: Visit, school: School) -> None:
    group = school.new_group("Tổ Địa")
    staff.go(f"{CONVERSATIONS}{group.id}/change/")
    admin = staff.page.locator("tr.has_original").filter(has_text=school.teacher.user_name)
    admin.locator("input[type=checkbox]").check()
    staff.page.get_by_role("button", name="Save", exact=True).click()

    expect(staff.page.locator(".messagelist")).to_contain_text("keeps at least one Admin")


def test_a_person_is_added_on_a_page_of_their_own(staff: Visit, school: School) -> None:
    """As in a conversation of more than 200: the conversation is found by autocomplete."""
    group = school.new_group("Hội đồng thi")
    newcomer = Person(f"{school.tenant_id}-gv-10", "Trương Công Định")
    staff.go("/admin/conversations/participant/add/")
    page = staff.page

    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").fill("hoi dong")
    page.locator(".select2-results__option", has_text=group.name).click()
    page.locator("#id_user_id").fill(newcomer.user_id)
    page.locator("#id_user_name").fill(newcomer.user_name)
    page.locator("#id_role").select_option("Member")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator(".messagelist")).to_contain_text("was added successfully")
    assert school.may_send(newcomer, group.id)
