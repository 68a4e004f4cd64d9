"""The admin's lists: where they are, and how one searches, ticks and acts in them."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit

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
