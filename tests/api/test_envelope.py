import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.conftest import Api

PROBE = "/api/v1/probe"
UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"


def client() -> Client:
    return Client(raise_request_exception=False)


def test_an_answer_has_data_and_metadata(api: Callable[..., Api]) -> None:
    answer = api("user-1").get(f"{PROBE}/whoami")

    body = answer.json()
    assert list(body) == ["success", "data", "error", "metadata"]
    assert (body["success"], body["error"]) == (True, None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["metadata"]["timestamp"])
    assert re.fullmatch(UUID7, body["metadata"]["requestId"])
    assert answer.headers["X-Request-ID"] == body["metadata"]["requestId"]
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "text/plain, */*;q=0.1"])
def test_the_answer_is_json_whatever_the_client_accepts(accept: str) -> None:
    answer = client().get(f"{PROBE}/dates", headers={"Accept": accept})

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


def test_dates_are_utc_with_milliseconds_at_any_depth() -> None:
    data = client().get(f"{PROBE}/dates").json()["data"]

    moment = "2025-11-07T10:00:00.123Z"
    assert data == {"at": moment, "nested": {"list": [moment], "naive": moment}}


@pytest.mark.parametrize(
    ("offered", "kept"),
    [
        ("order-66_a.b:c", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("two words", False),
        ("line\\nbreak", False),
        ("é", False),
    ],
)
def test_a_callers_request_id_is_kept_when_it_is_safe_to_log(offered: str, kept: bool) -> None:
    answer = client().get("/health/live", headers={"X-Request-ID": offered})

    used = answer.json()["metadata"]["requestId"]
    assert (used == offered) is kept
    assert answer.headers["X-Request-ID"] == used


@pytest.mark.parametrize("debug", [True, False], ids=["development", "production"])
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/v1/nothing", 404, "not_found"),
        ("get", "/nothing", 404, "not_found"),
        ("post", "/api/v1/nothing/", 404, "not_found"),
        ("put", f"{PROBE}/whoami", 405, "method_not_allowed"),
        ("get", f"{PROBE}/crash", 500, "internal_error"),
        ("get", f"{PROBE}/unwritable", 500, "internal_error"),
        ("get", f"{PROBE}/away/driver", 503, "database_unavailable"),
        ("get", f"{PROBE}/away/orm", 503, "database_unavailable"),
        ("get", f"{PROBE}/unavailable", 503, "unavailable"),
    ],
)
def test_every_error_has_the_envelope(
    settings: Settings,
    api: Callable[..., Api],
    debug: bool,
    method: str,
    path: str,
    status: int,
    code: str,
) -> None:
    settings.DEBUG = debug
    signed_in = api().client
    signed_in.raise_request_exception = False

    answer = getattr(signed_in, method)(path)

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json")
    body = answer.json()
    assert (body["success"], body["data"], body["error"]["code"]) == (False, None, code)
    assert body["metadata"]["requestId"] == answer.headers["X-Request-ID"]
    assert "nobody expected this" not in answer.content.decode()


def test_a_wrong_host_is_400_in_the_envelope() -> None:
    answer = client().get("/api/v1/probe/dates", headers={"Host": "evil.example"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize("path", ["/api/v1/nothing", f"{PROBE}/crash", f"{PROBE}/dates"])
def test_errors_keep_the_security_headers_of_every_answer(settings: Settings, path: str) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 31_536_000

    answer = client().get(path, headers={"X-Forwarded-Proto": "https"})

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_unavailable_says_when_to_come_back_and_keeps_its_details() -> None:
    answer = client().get(f"{PROBE}/unavailable")

    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["error"]["details"] == {"messageId": "m-1"}


def test_a_crash_is_logged_once_with_its_request_id(caplog: pytest.LogCaptureFixture) -> None:
    client().get(f"{PROBE}/crash", headers={"X-Request-ID": "crash-1"})

    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert "nobody expected this" in str(errors[0].exc_info)


def test_a_refusal_is_not_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    client().get(f"{PROBE}/whoami")

    assert caplog.records == []


@pytest.mark.parametrize(
    "path", [f"{PROBE}/dates", f"{PROBE}/dates/", "/API/V1/Probe/DATES", "/Api/v1/PROBE/dates/"]
)
def test_paths_match_without_case_and_with_or_without_a_slash(path: str) -> None:
    assert client().get(path).status_code == 200


def test_an_id_in_a_path_keeps_its_case(api: Callable[..., Api]) -> None:
    assert api().get(f"{PROBE.upper()}/AbC").json()["data"] == {"id": "AbC"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, (1, 20, 3, False, True)),
        ({"pageNumber": "2"}, (2, 20, 3, True, True)),
        ({"PAGENUMBER": "3", "pagesize": "15"}, (3, 15, 3, True, False)),
        ({"pageSize": ""}, (1, 20, 3, False, True)),
    ],
)
def test_a_page_has_its_data_beside_the_items(query: dict[str, str], expected: Any) -> None:
    data = client().get(f"{PROBE}/pages", query).json()["data"]

    names = ["page", "pageSize", "totalPages", "hasPreviousPage", "hasNextPage"]
    assert (data["items"], data["totalCount"]) == (["a"], 45)
    assert tuple(data[name] for name in names) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pageSize", "0"),
        ("pageSize", "201"),
        ("pageSize", "-1"),
        ("pageSize", "ten"),
        ("pageSize", "1.5"),
        ("pageSize", "٣"),
        ("pageNumber", "0"),
        ("pageNumber", "9" * 5_000),
    ],
)
def test_a_page_outside_of_the_bounds_is_400(name: str, value: str) -> None:
    answer = client().get(f"{PROBE}/pages", {name: value})

    assert answer.status_code == 400
    assert answer.json()["error"]["details"] == {"field": name}
