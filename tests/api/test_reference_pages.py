"""The two pages that show the OpenAPI document, and what leads to them."""

import re
from contextlib import closing

import pytest
from django.test import Client


@pytest.mark.parametrize("path", ["/swagger", "/swagger/", "/Swagger", "/redoc", "/Redoc/"])
def test_the_document_is_shown_without_a_foreign_host(path: str) -> None:
    page = Client().get(path)

    assert page.status_code == 200
    text = page.content.decode()
    assert "http://" not in text
    assert "https://" not in text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert addresses
    for address in addresses:
        assert address.startswith("/static/")
        with closing(Client().get(address)) as file:
            assert file.status_code == 200


@pytest.mark.parametrize(
    ("bookmarked", "path"),
    [
        ("/swagger/index.html", "/swagger"),
        ("/Swagger/Index.html", "/swagger"),
        ("/redoc/index.html", "/redoc"),
    ],
)
def test_bookmarks_of_the_replaced_services_pages_lead_to_them(bookmarked: str, path: str) -> None:
    answer = Client().get(bookmarked)

    assert (answer.status_code, answer.headers["Location"]) == (302, path)


@pytest.mark.parametrize("path", ["/swagger", "/redoc"])
def test_a_browser_loads_nothing_for_it_from_elsewhere(path: str) -> None:
    policy = Client().get(path).headers["Content-Security-Policy"]

    sources = [source for rule in policy.split("; ") for source in rule.split()[1:]]
    assert "default-src 'self'" in policy
    assert set(sources) <= {"'self'", "'unsafe-inline'", "'none'", "data:", "blob:"}
