"""Who works in the admin, in a browser: signing in, the start page, accounts, the audit log."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Visit
from tests.browser.lists import AUDIT, CONVERSATIONS
from tests.browser.school import PASSWORD, School
from tests.waiting import wait_until


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
