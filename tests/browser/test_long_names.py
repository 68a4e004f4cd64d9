"""Names of one word that is longer than any page: nothing is pushed over the edge."""

from collections.abc import Callable

import pytest

from chat_project.identifiers import new_id
from conversations import services
from conversations.values import Person, Role
from tests.browser.conftest import DESKTOP, PHONE, Visit
from tests.browser.lists import AUDIT, CONVERSATIONS
from tests.browser.school import School

LONG = "W" * 255
"""As long as a name may be."""
SIZES = {"laptop": DESKTOP, "phone": PHONE}


@pytest.mark.parametrize("size", SIZES)
def test_pages_with_a_long_name_fit(visit: Callable[..., Visit], school: School, size: str) -> None:
    group = school.new_group(f"{size}{LONG}"[:255])
    services.add_participants(group.id, [Person(new_id(), LONG)], Role.MEMBER)
    school.say(school.teacher, group.id, LONG)
    made = visit(SIZES[size])
    made.sign_in(school.staff, school.password)
    page = f"{CONVERSATIONS}{group.id}/change/"
    made.go(page)
    made.page.locator("#id_name").fill(f"{LONG}"[:250])
    made.page.get_by_role("button", name="Save", exact=True).click()
    assert made.is_within_its_width(), "the list with its message"

    pages = {
        "list": CONVERSATIONS,
        "page": page,
        "messages": f"{CONVERSATIONS}{group.id}/messages/",
        "participants": f"/admin/conversations/participant/?conversation__id__exact={group.id}",
        "adding": "/admin/conversations/participant/add/",
        "audit log": f"{AUDIT}?q={group.id}",
    }
    wide = [name for name, path in pages.items() if not _fits(made, path)]
    assert wide == []


def _fits(visit: Visit, path: str) -> bool:
    visit.go(path)
    return visit.is_within_its_width()
