"""A real Chromium at the real product: gunicorn, a consumer, Kafka, MongoDB, Redis."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.school import School, make_school
from tests.product import Product

NAMES = ("chromium", "chromium-browser", "google-chrome")
WITHOUT_BROWSER = "EMIS_WITHOUT_BROWSER"
DESKTOP = {"width": 1_280, "height": 860}
PHONE = {"width": 390, "height": 844}
"""CSS pixels of a usual laptop and a usual phone."""


def _chromium() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is not None:
        return found
    if os.environ.get(WITHOUT_BROWSER) == "true":
        pytest.skip(f"no Chromium, and {WITHOUT_BROWSER}=true says to go without")
    pytest.fail(
        "These tests need Chromium: scripts/setup_browser installs it."
        f" {WITHOUT_BROWSER}=true skips them.",
        pytrace=False,
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for a module: while it runs, this thread has an event loop, which Django minds."""
    path = _chromium()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            # A container's /dev/shm is small, and as root Chromium has no sandbox.
            options = ["--disable-dev-shm-usage", "--no-sandbox", "--disable-gpu"]
            launched = playwright.chromium.launch(executable_path=path, args=options)
            yield launched
            launched.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def school(product: Product) -> School:
    return make_school(product)


class Visit:
    """One person in a browser of their own, who notices what no page may do."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.page: Page = context.new_page()
        self.troubles: list[str] = []
        self.page.on("dialog", self._on_dialog)
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("console", self._on_console)
        self.page.on("request", self._on_request)

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.address}{path}")
        return self.page

    def sign_in(self, name: str, password: str) -> None:
        self.go("/admin/")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()

    def is_within_its_width(self) -> bool:
        """Nothing reaches over the right edge: nobody has to move the page, a list, or rows of a form, sideways."""
        wide: int = self.page.evaluate(
            "Math.max(...[document.documentElement,"
            " ...document.querySelectorAll('.results, .inline-group, .inline-related')]"
            ".map(each => each.scrollWidth - each.clientWidth))"
        )
        return wide <= 0

    def _on_dialog(self, dialog: Any) -> None:
        self.troubles.append(f"a script ran: {dialog.message}")
        dialog.dismiss()

    def _on_console(self, message: Any) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.troubles.append(f"console: {message.text}")

    def _on_request(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "about:")):
            self.troubles.append(f"foreign host: {request.url}")


@pytest.fixture
def visit(browser: Browser, product: Product) -> Iterator[Callable[..., Visit]]:
    """Opens a browser: `visit()`, or `visit(PHONE)`. At the end nothing may have gone wrong there."""
    opened: list[tuple[BrowserContext, Visit]] = []

    def open_one(size: dict[str, int] = DESKTOP, **options: Any) -> Visit:
        context = browser.new_context(viewport=size, locale="en-GB", **options)  # type: ignore[arg-type]
        context.set_default_timeout(60_000)  # milliseconds; the machine may be busy
        made = Visit(context, product.url)
        opened.append((context, made))
        return made

    yield open_one
    for context, made in opened:
        context.close()
        assert made.troubles == []


@pytest.fixture
def staff(visit: Callable[..., Visit], school: School) -> Visit:
    """Signed in as staff of the school, on a laptop."""
    made = visit()
    made.sign_in(school.staff, school.password)
    return made


@pytest.fixture
def on_a_phone(visit: Callable[..., Visit], school: School) -> Visit:
    made = visit(PHONE)
    made.sign_in(school.staff, school.password)
    return made
