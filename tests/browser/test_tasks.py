"""Each task that the admin is for, done in a browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from chat_project.mongodb import collection
from conversations import services
from conversations.values import Person
from tests.browser.conftest import PHONE, Visit
from tests.browser.school import ATTACK, PASSWORD, School
from tests.waiting import wait_until

CONVERSATIONS = "/admin/conversations/conversation/"
LETTERS = "/admin/consumers/deadletter/"
AUDIT = "/admin/staff/auditentry/"


def search(visit: Visit, term: str) -> None:
    visit.go(CONVERSATIONS)
    visit.page.locator("#searchbar").fill(term)
    visit.page.locator("#changelist-search input[type=submit]").click()


def expect_list(visit: Visit, *names: str) -> None:
    """Exactly these are listed, in this order."""
    expect(visit.page.locator("#result_list tbody th")).to_have_text(list(names))


def expect_listed(visit: Visit, name: str, *, times: int = 1) -> None:
    """This one is among those that are listed; `times=0`: it is not."""
    expect(visit.page.locator("#result_list tbody th", has_text=name)).to_have_count(times)


def tick(visit: Visit, name: str) -> None:
    row = visit.page.locator("#result_list tbody tr").filter(has_text=name)
    row.locator("input.action-select").check()


def act(visit: Visit, label: str) -> None:
    visit.page.locator("select[name=action]").select_option(label=label)
    visit.page.get_by_role("button", name="Go", exact=True).click()


def test_signing_in_and_out(visit: Callable[..., Visit], school: School) -> None:
    made = visit()
    made.sign_in(school.staff, "not the password")
    expect(made.page.locator(".errornote")).to_contain_text("correct username and password")

    made.sign_in(school.staff, school.password)
    expect(made.page.locator(".badge.school")).to_have_text(school.tenant_id)
    expect(made.page.get_by_role("heading", name="Start")).to_be_visible()

    made.page.get_by_role("button", name="Log out").click()
    made.go(CONVERSATIONS)
    expect(made.page.get_by_label("Username")).to_be_visible()


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


@pytest.mark.parametrize("who", ["staff", "on_a_phone"])
def test_messages_are_read_page_by_page(
    request: pytest.FixtureRequest, school: School, who: str
) -> None:
    visit: Visit = request.getfixturevalue(who)
    group = school.new_group(f"Tổ Hóa {who}")
    texts = [
        {"conversationId": group.id, "content": f"Tin nhắn số {n}", "clientMessageId": f"{who}-{n}"}
        for n in range(1, 56)
    ]
    sender = {"senderId": school.teacher.user_id, "senderName": school.teacher.user_name}
    batch = {"messages": [{**text, **sender, "mentions": []} for text in texts]}
    school.call(school.teacher, "POST", "/api/v1/messages/batch", json=batch)
    stored = {"conversationId": group.id, "seq": 55}
    wait_until(lambda: collection("messages").find_one(stored), "55 messages")

    visit.go(f"{CONVERSATIONS}{group.id}/change/")
    visit.page.get_by_role("link", name="Messages", exact=True).click()
    messages = visit.page.locator(".messages-of > li")
    expect(messages).to_have_count(50)
    expect(messages.first).to_contain_text("Tin nhắn số 55")
    visit.page.get_by_role("link", name="Older").first.click()
    expect(messages).to_have_count(5)
    expect(messages.last).to_contain_text("Tin nhắn số 1")
    visit.page.get_by_role("link", name="Newer").first.click()
    expect(messages).to_have_count(50)
    visit.page.get_by_label("Before number").first.fill("11")
    visit.page.get_by_role("button", name="Go").first.click()
    expect(messages.first).to_contain_text("Tin nhắn số 10")
    assert visit.is_within_its_width()


def test_edits_deletions_and_files_are_seen(staff: Visit, school: School) -> None:
    group = school.new_group("Tổ Sinh")
    edited = school.say(school.teacher, group.id, "Hẹn 7 giờ")
    deleted = school.say(school.teacher, group.id, "Nhầm nhóm, xin lỗi")
    school.call(school.teacher, "PUT", f"/api/v1/messages/{edited}", json={"content": "Hẹn 8 giờ"})
    school.call(school.teacher, "DELETE", f"/api/v1/messages/{deleted}")
    school.call(
        school.teacher,
        "POST",
        "/api/v1/messages/attachment",
        data={"conversationId": group.id, "senderId": school.teacher.user_id},
        files={"file": ("lịch thi.txt", "Thứ Hai: Toán".encode(), "text/plain")},
    )
    done = {"conversationId": group.id, "seq": 3}
    wait_until(lambda: collection("messages").find_one(done), "the file's message")
    gone = {"_id": deleted, "isDeleted": True}
    wait_until(lambda: collection("messages").find_one(gone), "the deletion")

    page = staff.go(f"{CONVERSATIONS}{group.id}/messages/")
    expect(page.locator("#message-1")).to_contain_text("Hẹn 8 giờ")
    expect(page.locator("#message-1 details p")).to_be_hidden()
    page.locator("#message-1 summary").click()
    expect(page.locator("#message-1 details p")).to_contain_text("Hẹn 7 giờ")
    expect(page.locator("#message-2")).to_contain_text("Message deleted")
    expect(page.locator("#message-2")).not_to_contain_text("Nhầm nhóm")
    with page.expect_download() as download:
        page.get_by_role("link", name="lịch thi.txt").click()
    assert download.value.path().read_text() == "Thứ Hai: Toán"


@pytest.mark.parametrize("who", ["staff", "on_a_phone"])
def test_a_dead_letter_is_looked_at_retried_and_stored(
    request: pytest.FixtureRequest, school: School, who: str
) -> None:
    visit: Visit = request.getfixturevalue(who)
    letter, room = school.dead_letter("Mai nghỉ học ạ")
    services.create_teacher_group(
        school.tenant_id, "Nhóm đến muộn", founder=school.teacher, conversation_id=room
    )

    visit.go(LETTERS)
    visit.page.get_by_role("link", name=letter, exact=True).click()
    expect(visit.page.locator("#record")).to_contain_text("Mai nghỉ học ạ")
    assert visit.is_within_its_width()
    visit.page.get_by_role("button", name="Retry").click()
    visit.page.get_by_role("button", name="Yes, retry").click()

    expect(visit.page.locator(".messagelist")).to_contain_text("Retried: 1 of 1")
    stored = {"conversationId": room, "content": "Mai nghỉ học ạ"}
    wait_until(lambda: collection("messages").find_one(stored), "the retried message")


def test_dead_letters_are_discarded_with_a_reason(staff: Visit, school: School) -> None:
    letters = [school.dead_letter(f"Gửi nhầm {n}")[0] for n in range(2)]
    staff.go(LETTERS)
    staff.page.locator("#changelist-filter").get_by_role(
        "link", name="unknown conversation"
    ).click()
    for letter in letters:
        tick(staff, letter)
    act(staff, "Discard: nobody needs it")
    staff.page.get_by_label("Why").fill("Gửi thử")
    staff.page.get_by_role("button", name="Yes, discard").click()

    expect(staff.page.locator(".messagelist")).to_contain_text("Discarded: 2 of 2")
    found = collection("dead_letters").find({"_id": {"$in": letters}})
    assert {(each["closedHow"], each["closedBy"]) for each in found} == {
        ("discarded", school.staff)
    }


def test_the_audit_log_tells_who_changed_what(staff: Visit, school: School) -> None:
    group = school.new_group("Tổ Nhạc")
    staff.go(f"{CONVERSATIONS}{group.id}/change/")
    staff.page.locator("#id_name").fill("Tổ Âm nhạc")
    staff.page.get_by_role("button", name="Save", exact=True).click()

    staff.go(AUDIT)
    staff.page.locator("#searchbar").fill(group.id)
    staff.page.locator("#changelist-search input[type=submit]").click()
    row = staff.page.locator("#result_list tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(school.staff)
    row.get_by_role("link").first.click()
    details = staff.page.locator("pre.bytes")
    expect(details).to_contain_text('"name": "Tổ Nhạc"')
    expect(details).to_contain_text('"name": "Tổ Âm nhạc"')
    expect(staff.page.get_by_role("button", name="Save")).to_have_count(0)


@pytest.mark.parametrize("who", ["staff", "on_a_phone"])
def test_the_start_page_shows_that_messages_flow(
    request: pytest.FixtureRequest, school: School, who: str
) -> None:
    visit: Visit = request.getfixturevalue(who)
    school.say(school.teacher, school.teachers.id, "Chào các thầy cô")

    def is_there() -> bool:
        visit.go("/admin/")
        return visit.page.locator("#figure-lag").inner_text() == "0"

    wait_until(is_there, "a lag of 0")
    expect(visit.page.locator(".chart rect").first).to_be_attached()
    assert int(visit.page.locator("#figure-hour").inner_text()) >= 1
    expect(visit.page.locator(".servers")).to_have_count(0)
    assert visit.is_within_its_width()


def test_an_administrator_makes_a_colleague_who_signs_in(
    visit: Callable[..., Visit], school: School
) -> None:
    chief = visit()
    chief.sign_in(school.administrator, school.password)
    name = f"giao-vu-{school.tenant_id[-6:]}"
    page = chief.go("/admin/auth/user/add/")
    page.locator("#id_username").fill(name)
    page.locator("#id_password1").fill(PASSWORD)
    page.locator("#id_password2").fill(PASSWORD)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was added successfully")
    page.locator("#id_role").select_option("reader")
    page.get_by_role("button", name="Save", exact=True).click()

    colleague = visit(PHONE)
    colleague.sign_in(name, PASSWORD)
    colleague.go(f"{CONVERSATIONS}{school.teachers.id}/change/")
    expect(colleague.page.get_by_text("Tổ Toán - Tin").first).to_be_visible()
    expect(colleague.page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
    colleague.go("/admin/auth/user/")
    expect(
        colleague.page.get_by_text(re.compile("403|forbidden", re.IGNORECASE)).first
    ).to_be_visible()


def test_what_people_write_runs_nowhere(staff: Visit, school: School) -> None:
    evil = Person(f"{school.tenant_id}-x", ATTACK)
    group = services.create_teacher_group(school.tenant_id, ATTACK, founder=evil).settings
    school.say(evil, group.id, ATTACK)
    letter, _ = school.dead_letter(ATTACK)
    for path in (
        "/admin/",
        CONVERSATIONS,
        f"{CONVERSATIONS}{group.id}/change/",
        f"{CONVERSATIONS}{group.id}/messages/",
        f"{CONVERSATIONS}{group.id}/history/",
        f"/admin/conversations/participant/?conversation__id__exact={group.id}",
        f"{LETTERS}{letter}/change/",
    ):
        staff.go(path)
        assert staff.page.locator("img[src=x]").count() == 0, path
    search(staff, "script")
    tick(staff, "alert")
    act(staff, "Archive: nobody can write any more")
    staff.go(AUDIT)
    assert staff.page.locator("img[src=x]").count() == 0
