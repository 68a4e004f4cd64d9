"""What people wrote, in a browser: read, edited, deleted, dead-lettered, and run nowhere."""

import pytest
from playwright.sync_api import expect

from chat_project.mongodb import collection
from conversations import services
from conversations.values import Person
from tests.browser.conftest import Visit
from tests.browser.lists import AUDIT, CONVERSATIONS, LETTERS, act, search, tick
from tests.browser.school import ATTACK, School
from tests.waiting import wait_until


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
