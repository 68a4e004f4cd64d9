"""The product's own services: commands that parse, checks that ask what exists, orderly ends."""

import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import resolve

from chat_project.settings.environment import BASE_DIR, Environment, environment
from consumers.acknowledged import ACKNOWLEDGED_SECONDS
from consumers.attempts import ATTEMPT_SECONDS
from consumers.offsets import ANSWER_SECONDS
from messaging.producer import CLOSE_TIMEOUT_SECONDS
from tests.deploy.compose import BROKERS, PROCESSES, ROOT, Compose

API_PORT = 5004


@pytest.fixture
def gunicorn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What gunicorn.conf.py says, with nothing in the environment that changes it."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    for name in ("PORT", "WEB_CONCURRENCY"):
        monkeypatch.setenv(name, "")
    environment.cache_clear()
    yield runpy.run_path(str(ROOT / "chat_project/gunicorn.conf.py"))
    environment.cache_clear()


def management_commands(compose: Compose, service: str) -> list[list[str]]:
    """Each `manage.py` call of a service: the command's name, then its arguments."""
    command = compose.service(service)["command"]
    lines = command[-1].splitlines() if command[0] == "sh" else [shlex.join(command)]
    called = [shlex.split(line) for line in lines]
    assert all(words[:2] == ["python", "manage.py"] for words in called)
    return [words[2:] for words in called]


def asked_url(compose: Compose, service: str) -> str:
    found = re.search(r'"(http://[^"]+)"', compose.service(service)["healthcheck"]["test"][-1])
    assert found
    return found[1]


@pytest.mark.parametrize("service", ["migrate", "consumer", "indexer", "lag"])
def test_the_commands_exist_and_take_these_arguments(compose: Compose, service: str) -> None:
    for name, *arguments in management_commands(compose, service):
        application = get_commands()[name]
        assert isinstance(application, str)
        parser = load_command_class(application, name).create_parser("manage.py", name)
        parser.parse_args(arguments)


def test_migrate_prepares_everything_and_ends(compose: Compose) -> None:
    names = [name for name, *_ in management_commands(compose, "migrate")]

    assert names == ["migrate", "create_topics", "create_indexes"]
    assert compose.service("migrate")["command"][1] == "-ec"  # a failed step fails the service
    assert compose.service("migrate")["restart"] == "no"


def test_the_api_listens_where_the_contract_says(
    compose: Compose, gunicorn: dict[str, Any]
) -> None:
    command = compose.service("api")["command"]

    assert command[:2] == ["gunicorn", "-c"]
    assert (ROOT / command[2]).samefile(ROOT / "chat_project/gunicorn.conf.py")
    assert (ROOT / (command[3].replace(".", "/") + ".py")).is_file()
    assert gunicorn["bind"] == f"0.0.0.0:{API_PORT}"
    assert compose.service("api")["ports"] == [f"127.0.0.1:{API_PORT}:{API_PORT}"]


def test_the_apis_health_check_asks_for_what_it_serves(compose: Compose) -> None:
    url = urlsplit(asked_url(compose, "api"))

    assert url.port == API_PORT
    assert resolve(url.path).func.__name__ == "ready"
    assert url.hostname in compose.environment("api")["ALLOWED_HOSTS"].split(",")


@pytest.mark.parametrize("service", ["consumer", "indexer", "lag"])
def test_the_others_are_asked_for_their_metrics(compose: Compose, service: str) -> None:
    url = urlsplit(asked_url(compose, service))

    assert url.port == Environment.model_fields["metrics_port"].default
    assert url.path == "/metrics"


def test_health_checks_are_python_that_compiles(compose: Compose) -> None:
    for service in ("api", "consumer", "indexer", "lag"):
        kind, program, option, code = compose.service(service)["healthcheck"]["test"]
        assert (kind, program, option) == ("CMD", "python", "-c")
        compile(code, service, "exec")


@pytest.mark.parametrize("service", ["api", "consumer", "indexer", "lag"])
def test_a_process_starts_after_its_servers_and_the_migration(
    compose: Compose, service: str
) -> None:
    waits_for = {
        name: wait["condition"] for name, wait in compose.service(service)["depends_on"].items()
    }

    assert waits_for == {
        "migrate": "service_completed_successfully",
        **dict.fromkeys([*BROKERS, "mongodb", "redis"], "service_healthy"),
    }


def test_the_migration_waits_for_all_brokers(compose: Compose) -> None:
    assert {*BROKERS, "mongodb"} <= compose.service("migrate")["depends_on"].keys()


def test_who_is_waited_for_has_a_health_check(compose: Compose) -> None:
    for service in compose.file["services"].values():
        waits = service.get("depends_on", {})
        for name in waits if isinstance(waits, dict) else ():
            if waits[name]["condition"] == "service_healthy":
                assert "healthcheck" in compose.service(name)


@pytest.mark.parametrize("service", ["consumer", "indexer"])
def test_ten_of_them_can_run_side_by_side(compose: Compose, service: str) -> None:
    consumer = compose.service(service)

    assert not {"container_name", "hostname", "ports"} & consumer.keys()


def test_the_api_may_finish_its_requests_before_it_is_killed(
    compose: Compose, gunicorn: dict[str, Any]
) -> None:
    assert compose.grace_seconds("api") > gunicorn["graceful_timeout"] + CLOSE_TIMEOUT_SECONDS


@pytest.mark.parametrize("service", ["consumer", "indexer"])
def test_a_batch_may_be_finished_before_its_process_is_killed(
    compose: Compose, service: str
) -> None:
    longest = ATTEMPT_SECONDS + ACKNOWLEDGED_SECONDS + ANSWER_SECONDS

    assert compose.grace_seconds(service) > longest


def test_what_a_process_writes_is_writable(compose: Compose, gunicorn: dict[str, Any]) -> None:
    for name in PROCESSES:
        service = compose.service(name)
        assert service["read_only"] is True
        assert service["volumes"] == [
            f"logs:/app/{(BASE_DIR / 'logs').name}",
            f"attachments:/app/{Environment.model_fields['attachment_folder'].default}",
        ]
        assert "/tmp" in service["tmpfs"]  # noqa: S108


def test_only_the_api_counts_in_shared_files_and_those_are_in_memory(compose: Compose) -> None:
    folders = {
        name: compose.environment(name).get("PROMETHEUS_MULTIPROC_DIR") for name in PROCESSES
    }
    counted_in = folders.pop("api")

    assert set(folders.values()) == {None}
    assert counted_in
    # Below the mount and not the mount itself: gunicorn.conf.py makes and removes the folder.
    assert str(Path(counted_in).parent) in compose.service("api")["tmpfs"]
