"""The start page: figures, a chart, and what it says while a server is away."""

import re
from typing import Any

import pytest
from django.test import Client
from pymongo.errors import ServerSelectionTimeoutError

from chat_project import health
from chat_project.identifiers import new_id
from chat_project.redis import RedisAway
from chat_project.timestamps import now
from consumers import lag_figure
from conversations import cache
from staff import start_page
from staff.start_page import CHART_HEIGHT, StartPage, rate_of, trouble_of
from tests.consumers.pipelines import Pipeline
from tests.staff.conftest import School
from tests.waiting import wait_until


def count_stored(tenant_id: str, count: int, *, minutes_ago: int = 1) -> None:
    minute = int(now().timestamp()) // 60 - minutes_ago
    head = cache.Head(new_id(), 1, None, cache.Mark(1, 0, 1))
    cache.refresh_heads([head], cache.StoredInMinute(minute, {tenant_id: count}))


def test_a_school_sees_its_own_messages_by_minute(own: School, staff: Client) -> None:
    count_stored(own.tenant_id, 7)
    count_stored(own.tenant_id, 5)
    count_stored(own.tenant_id, 3, minutes_ago=30)
    count_stored(own.tenant_id, 9, minutes_ago=70)
    count_stored(new_id(), 1_000)

    rate = staff.get("/admin/").context["start"].rate

    assert rate.last_minute in {12, 0}, "12, unless a minute has just begun"
    assert (rate.hour, rate.highest) == (15, 12)
    page = staff.get("/admin/").content.decode()
    assert len(re.findall(r"<rect ", page)) == 2


def test_a_superuser_sees_all_schools_and_the_servers(own: School, superuser: Client) -> None:
    count_stored(own.tenant_id, 7)

    start = superuser.get("/admin/").context["start"]

    assert start.rate.hour >= 7
    assert set(start.servers) == {"mongodb", "kafka", "accepting", "redis"}
    assert start.letters >= 1


def test_the_lag_is_shown(staff: Client) -> None:
    lag = start_page._lag().start().result(30)

    assert staff.get("/admin/").context["start"].lag == lag


GOOD = {"mongodb": None, "kafka": None}
TROUBLES: dict[str, tuple[dict[str, str | None], int | None, bool | None, str]] = {
    "all is well": (GOOD, 10_000, True, ""),
    "a server is away": ({**GOOD, "kafka": "TimeoutError"}, 0, True, start_page.SILENT),
    "the lag is not known": (GOOD, None, True, start_page.SILENT),
    "consumers are not known": (GOOD, 0, None, start_page.SILENT),
    "no consumer": (GOOD, 0, False, start_page.NOT_CONSUMED),
    "no consumer, many waiting": (GOOD, 10_001, False, start_page.NOT_CONSUMED),
    "many waiting": (GOOD, 10_001, True, start_page.DELAYED),
}


@pytest.mark.parametrize(
    ("states", "lag", "is_consumed", "told"), TROUBLES.values(), ids=TROUBLES.keys()
)
def test_what_is_wrong_is_told(
    states: dict[str, str | None], lag: int | None, is_consumed: bool | None, told: str
) -> None:
    assert trouble_of(states, lag, is_consumed=is_consumed) == told


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_service_without_a_consumer_is_disturbed(
    staff: Client, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    pipeline = Pipeline()
    monkeypatch.setattr(lag_figure, "environment", lambda: pipeline.environment)
    monkeypatch.setattr(health, "states", lambda **_: GOOD)
    monkeypatch.setattr(lag_figure, "_readers", {})

    def told() -> str:
        """Of a page whose figures are there in time."""
        start: StartPage = staff.get("/admin/").context["start"]
        return start.trouble

    wait_until(lambda: told() == start_page.NOT_CONSUMED, "no consumer to be told")
    assert "Disturbed" in staff.get("/admin/").content.decode()
    with pipeline.consumer(KAFKA_GROUP_PROTOCOL=protocol):
        wait_until(lambda: not told(), "the consumer to be told")
    wait_until(lambda: told() == start_page.NOT_CONSUMED, "its end to be told")


def test_bars_are_as_high_as_their_minute() -> None:
    rate = rate_of([0, 1, 1_000, 500, 0])

    assert [bar.height for bar in rate.bars] == [0, 2, CHART_HEIGHT, CHART_HEIGHT // 2, 0]
    assert all(bar.y + bar.height == CHART_HEIGHT for bar in rate.bars)
    assert (rate.last_minute, rate.hour, rate.highest) == (500, 1_501, 1_000)
    assert rate.bars[2].title == "2 min ago: 1000"


def test_an_hour_without_messages_has_no_bars() -> None:
    assert all(bar.height == 0 for bar in rate_of([0] * 60).bars)
    assert rate_of([]).bars == []


def _away(error: Exception) -> Any:
    def ask(*_arguments: object) -> None:
        raise error

    return ask


def test_redis_away_is_told_and_the_page_is_there(
    superuser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "stored_per_minute", _away(RedisAway("away")))
    states = {"mongodb": None, "kafka": None, "accepting": None, "redis": "ConnectionError"}
    monkeypatch.setattr(health, "states", lambda **_: states)

    page = superuser.get("/admin/")

    assert page.status_code == 200
    text = page.content.decode()
    assert "away: ConnectionError" in text
    assert "Disturbed" in text
    assert "not known" in text


def test_kafka_away_is_told_and_the_page_does_not_wait(
    superuser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Never:
        def start(self) -> Any:
            from concurrent.futures import Future

            return Future()

    monkeypatch.setattr(start_page, "_lag", Never)
    monkeypatch.setattr(health, "states", lambda **_: {"mongodb": None, "kafka": "TimeoutError"})

    page = superuser.get("/admin/")

    assert page.context["start"].lag is None
    assert "away: TimeoutError" in page.content.decode()


@pytest.mark.parametrize("path", ["/admin/", "/admin/conversations/conversation/"])
def test_mongodb_away_is_a_page_that_says_so(
    superuser: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    error = ServerSelectionTimeoutError("no primary")
    monkeypatch.setattr("staff.site.StaffSite.has_permission", _away(error))

    page = superuser.get(path)

    assert page.status_code == 503
    assert "The database does not answer" in page.content.decode()


def test_every_page_has_a_policy_that_lets_nothing_foreign_in(
    own: School, superuser: Client
) -> None:
    paths = [
        "/admin/",
        "/admin/login/",
        "/admin/conversations/conversation/",
        f"/admin/conversations/conversation/{own.group.id}/change/",
        f"/admin/conversations/conversation/{own.group.id}/messages/",
        "/admin/nowhere/",
    ]
    for path in paths:
        response = superuser.get(path)
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy
        assert "http" not in policy
        addresses = re.findall(r'(?:src|href|action)="([^"]*)"', response.content.decode())
        assert not [each for each in addresses if re.match(r"(https?:)?//", each)], path


def test_the_api_and_swagger_keep_their_own_headers(superuser: Client) -> None:
    assert "Content-Security-Policy" not in superuser.get("/health/live").headers
