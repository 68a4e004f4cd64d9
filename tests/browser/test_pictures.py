"""The pages at the width of a laptop and of a phone, in light and dark; docs/staff.md shows some.

`scripts/staff_pictures` takes them for the documentation.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from PIL import Image
from playwright.sync_api import Browser

from tests.browser.conftest import DESKTOP, PHONE, Visit
from tests.browser.school import PASSWORD, School, make_school
from tests.product import Product

CONVERSATIONS = "/admin/conversations/conversation/"
COLOURS = 128
SIZES = {"laptop": DESKTOP, "phone": PHONE}


@pytest.fixture(scope="module")
def school(product: Product, browser: Browser) -> School:
    """The one of the pictures: with a deleted and an edited message, and dead letters."""
    made = make_school(product, "thpt-le-quy-don")
    room = made.student_group.id
    message = made.say(made.teacher, room, "Hẹn cả nhà 7 giờ tối nhé")
    made.call(made.teacher, "PUT", f"/api/v1/messages/{message}", json={"content": "Hẹn 19 giờ ạ"})
    wrong = made.say(made.father, room, "Nhầm nhóm, xin lỗi cả nhà")
    made.call(made.father, "DELETE", f"/api/v1/messages/{wrong}")
    made.say(made.mother, room, "Dạ vâng ạ", replyToMessageId=message)
    for text in ("Mai cháu nghỉ học ạ", "Cô ơi cho em hỏi"):
        made.dead_letter(text)
    return made


@pytest.fixture
def pictures() -> Path | None:
    """Where they are put, if anywhere: PICTURES_INTO."""
    if "PICTURES_INTO" not in os.environ:
        return None
    folder = Path(os.environ["PICTURES_INTO"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


PAGES: dict[str, Callable[[School], str]] = {
    "start": lambda school: "/admin/",
    "conversations": lambda school: CONVERSATIONS,
    "conversation": lambda school: f"{CONVERSATIONS}{school.class_group.id}/change/",
    "messages": lambda school: f"{CONVERSATIONS}{school.student_group.id}/messages/",
    "dead-letters": lambda school: "/admin/consumers/deadletter/",
    "audit-log": lambda school: "/admin/staff/auditentry/",
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits(
    visit: Callable[..., Visit], school: School, pictures: Path | None, size: str, scheme: str
) -> None:
    made = visit(SIZES[size], color_scheme=scheme)
    made.sign_in(school.staff, school.password)
    group = school.new_group("Đội tuyển Học sinh giỏi")
    made.go(f"{CONVERSATIONS}{group.id}/change/")
    made.page.locator("#id_name").fill("Đội tuyển Toán")
    made.page.get_by_role("button", name="Save", exact=True).click()
    for name, path in PAGES.items():
        made.go(path(school))
        _take(made, pictures, f"{name}-{size}-{scheme}")
        assert made.is_within_its_width(), f"{name} is wider than a {size}"


def test_a_superusers_start_page_fits(
    visit: Callable[..., Visit], school: School, pictures: Path | None
) -> None:
    User.objects.filter(username="chief").delete()
    User.objects.create_superuser("chief", password=PASSWORD)
    made = visit()
    made.sign_in("chief", PASSWORD)
    made.go("/admin/")
    _take(made, pictures, "start-superuser-light")
    assert made.page.locator(".servers").count() == 1


def _take(visit: Visit, folder: Path | None, name: str) -> None:
    """As a picture of few colours: a fifth of the bytes, and no difference to see."""
    if folder is None:
        return
    path = folder / f"{name}.png"
    visit.page.screenshot(path=path)
    with Image.open(path) as taken:
        reduced = taken.convert("RGB").quantize(COLOURS)
    reduced.save(path, optimize=True)
    assert path.stat().st_size < 150_000
