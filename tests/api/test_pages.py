import pytest
from django.test import Client


def test_the_admin_has_sessions_forms_and_frame_protection() -> None:
    page = Client(enforce_csrf_checks=True).get("/admin/login/")

    assert page.status_code == 200
    assert "csrftoken" in page.cookies
    assert page.headers["X-Frame-Options"] == "DENY"


def test_a_login_form_without_its_token_is_refused() -> None:
    form = {"username": "admin", "password": "x"}

    assert Client(enforce_csrf_checks=True).post("/admin/login/", form).status_code == 403


def test_the_admins_address_gets_its_slash() -> None:
    assert Client().get("/admin").headers["Location"] == "/admin/"


@pytest.mark.parametrize("path", ["/admin/login/", "/health/live", "/api/v1/probe/dates"])
def test_a_foreign_host_is_refused_everywhere(path: str) -> None:
    answer = Client().get(path, headers={"Host": "evil.example"})

    assert answer.status_code == 400


def test_the_api_sets_no_cookie() -> None:
    assert not Client().get("/api/v1/probe/dates").cookies
