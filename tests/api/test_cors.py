"""Pages of other origins: a browser asks first, and reads what it is told that it may."""

from collections.abc import Iterator

import httpx
import pytest

from tests.api.conftest import Served, serving
from tests.api.test_settings import MANAGE, PRODUCTION, refused

SCHOOL = "https://school.example"
OTHER_SCHOOL = "http://localhost:3000"
STRANGER = "https://stranger.example"
DATES, TEXT = "/api/v1/probe/dates", "/api/v1/messages/text"

HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match")


@pytest.fixture(scope="module")
def open_to_schools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    log = tmp_path_factory.mktemp("gunicorn") / "log"
    with serving(log, CORS_ALLOWED_ORIGINS=f"{SCHOOL.upper()}, {OTHER_SCHOOL}") as one:
        yield one


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    log = tmp_path_factory.mktemp("gunicorn") / "log"
    with serving(log, CORS_ALLOWED_ORIGINS="*") as one:
        yield one


def ask_first(served: Served, path: str, origin: str, method: str) -> httpx.Response:
    """As a browser does before a request that forms could not send."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": ",".join(HEADERS).lower(),
    }
    return httpx.options(served.url + path, headers=asked)


def named(header: str) -> set[str]:
    return {each.strip().lower() for each in header.split(",")}


@pytest.mark.parametrize("origin", [SCHOOL, OTHER_SCHOOL])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_listed_origin_may_send_every_method_with_our_headers(
    open_to_schools: Served, origin: str, method: str
) -> None:
    answer = ask_first(open_to_schools, TEXT, origin, method)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert method.lower() in named(answer.headers["Access-Control-Allow-Methods"])
    assert named(",".join(HEADERS)) <= named(answer.headers["Access-Control-Allow-Headers"])
    assert int(answer.headers["Access-Control-Max-Age"]) > 0
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_page_may_read_the_headers_it_needs(open_to_schools: Served) -> None:
    answer = httpx.get(open_to_schools.url + DATES, headers={"Origin": SCHOOL})

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == SCHOOL
    exposed = named(answer.headers["Access-Control-Expose-Headers"])
    files = {"content-disposition", "content-range"}
    assert exposed == {*files, "etag", "retry-after", "x-request-id"}


@pytest.mark.parametrize(("path", "status"), [(TEXT, 401), ("/api/v1/nothing", 404)])
def test_a_page_may_read_errors_too(open_to_schools: Served, path: str, status: int) -> None:
    answer = httpx.post(open_to_schools.url + path, headers={"Origin": SCHOOL})

    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == SCHOOL


def test_another_origin_is_told_nothing(open_to_schools: Served) -> None:
    asked = ask_first(open_to_schools, TEXT, STRANGER, "POST")
    answered = httpx.get(open_to_schools.url + DATES, headers={"Origin": STRANGER})

    for answer in (asked, answered):
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_only_the_api_is_open(open_to_schools: Served) -> None:
    answer = httpx.get(open_to_schools.url + "/health/live", headers={"Origin": SCHOOL})

    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("origin", [SCHOOL, STRANGER, None])
def test_a_cache_keeps_the_origins_apart(open_to_schools: Served, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}

    answer = httpx.get(open_to_schools.url + DATES, headers=headers)

    assert "origin" in named(answer.headers["Vary"])


def test_in_development_every_origin_may_be_let_in(open_to_all: Served) -> None:
    asked = ask_first(open_to_all, TEXT, STRANGER, "PUT")

    assert asked.headers["Access-Control-Allow-Origin"] == "*"


def test_without_the_setting_nobody_is_let_in(served: Served) -> None:
    answer = httpx.get(served.url + DATES, headers={"Origin": SCHOOL})

    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Vary" not in answer.headers


@pytest.mark.parametrize(
    "origins",
    ["*", f"{SCHOOL},*", "school.example", "https://school.example/", "https://a b", "null"],
)
def test_production_refuses_what_is_no_list_of_origins(origins: str) -> None:
    line = refused(MANAGE, PRODUCTION | {"CORS_ALLOWED_ORIGINS": origins})

    assert "CORS_ALLOWED_ORIGINS" in line
