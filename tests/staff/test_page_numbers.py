"""Pages of lists that cannot be: each list goes back to its first one, and asks MongoDB for none."""

import pytest
from django.test import Client

from staff.found import MAX_COUNTED
from tests.staff.conftest import AUDIT, CONVERSATIONS, LETTERS, PARTICIPANTS, School

LISTS = {"conversations": CONVERSATIONS, "people": PARTICIPANTS, "letters": LETTERS, "audit": AUDIT}
PAGES = {
    "none": "0",
    "before the first": "-1",
    "behind what is counted": str(MAX_COUNTED // 50 + 1),
    "beyond 64 bits": "9" * 30,
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
@pytest.mark.parametrize("path", LISTS.values(), ids=LISTS.keys())
def test_a_page_that_cannot_be_leads_to_the_list(
    own: School, staff: Client, path: str, page: str
) -> None:
    answer = staff.get(path, {"p": page})

    assert (answer.status_code, answer.headers["Location"]) == (302, f"{path}?e=1")
    assert staff.get(f"{path}?e=1").status_code == 200
