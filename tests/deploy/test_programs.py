"""deploy/supervisor/*.conf beside the code: commands that parse, time to end, no secrets."""

import configparser
import re
import shlex
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from chat_project.settings.environment import Environment
from consumers.acknowledged import ACKNOWLEDGED_SECONDS
from consumers.attempts import ATTEMPT_SECONDS
from consumers.loop import CLOSE_SECONDS
from consumers.offsets import ANSWER_SECONDS
from messaging.producer import CLOSE_TIMEOUT_SECONDS
from tests.deploy.compose import FILLED_IN, ROOT, Compose
from tests.deploy.installation import DOCUMENTED
from tests.deploy.supervised import PROGRAMS

GRACEFUL_SECONDS = 30
"""gunicorn.conf.py's graceful_timeout; test_processes.py reads it from there."""


def program(file: Path) -> dict[str, str]:
    parsed = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    parsed.read(file)
    [section] = parsed.sections()
    assert section == f"program:{file.stem}"
    return dict(parsed[section])


PARSED = {file.stem.removeprefix("emis-chat-"): program(file) for file in PROGRAMS}


def words(name: str) -> list[str]:
    command = shlex.split(PARSED[name]["command"])
    assert command[0] == f"{DOCUMENTED}/.venv/bin/python"
    return command[1:]


def metrics_ports(name: str) -> set[int]:
    given = re.fullmatch(r'METRICS_PORT="(.*)"', PARSED[name]["environment"])
    assert given
    first = int(PARSED[name].get("numprocs_start", 0))
    numbers = range(first, first + 10)
    return {int(given[1] % {"process_num": number}) for number in numbers}


def test_they_run_what_compose_runs(compose: Compose) -> None:
    services = {"api": "api", "consumer": "consumer", "indexer": "indexer", "lag": "lag"}
    in_compose = {name: compose.service(name)["command"] for name in services}

    assert set(PARSED) == set(services)
    assert words("api") == ["-m", *in_compose.pop("api")]
    for name, command in in_compose.items():
        assert ["python", *words(name)] == command


@pytest.mark.parametrize("name", ["consumer", "indexer", "lag"])
def test_the_commands_exist_and_take_these_arguments(name: str) -> None:
    script, command, *arguments = words(name)
    application = get_commands()[command]
    assert script == "manage.py"
    assert isinstance(application, str)
    load_command_class(application, command).create_parser("manage.py", command).parse_args(
        arguments
    )


@pytest.mark.parametrize("name", PARSED)
def test_each_runs_as_its_own_user_and_is_started_again(name: str) -> None:
    assert PARSED[name]["user"] == "emis-chat"
    assert PARSED[name]["directory"] == DOCUMENTED
    assert PARSED[name]["autorestart"] == "true"
    assert int(PARSED[name]["startretries"]) >= 100


@pytest.mark.parametrize(
    ("name", "longest"),
    [
        ("api", GRACEFUL_SECONDS + CLOSE_TIMEOUT_SECONDS),
        ("consumer", ATTEMPT_SECONDS + ACKNOWLEDGED_SECONDS + ANSWER_SECONDS + CLOSE_SECONDS),
        ("indexer", ATTEMPT_SECONDS + ANSWER_SECONDS + CLOSE_SECONDS),
        ("lag", ANSWER_SECONDS),
    ],
)
def test_each_may_end_by_itself_before_it_is_killed(name: str, longest: float) -> None:
    assert int(PARSED[name]["stopwaitsecs"]) > longest


def test_only_gunicorns_master_is_told_to_stop_and_all_of_it_is_killed() -> None:
    assert PARSED["api"]["stopasgroup"] == "false"
    assert PARSED["api"]["killasgroup"] == "true"


def test_no_two_processes_have_one_metrics_port() -> None:
    ports = [metrics_ports(name) for name in ("consumer", "indexer")] + [metrics_ports("lag")]

    assert len(set.union(*ports)) == sum(len(each) for each in ports)
    assert metrics_ports("lag") == {Environment.model_fields["metrics_port"].default}


def test_no_file_has_a_secret() -> None:
    names = {*FILLED_IN, *(name.upper() for name in Environment.model_fields)} - {"METRICS_PORT"}

    for file in PROGRAMS:
        settings = [line for line in file.read_text().splitlines() if not line.startswith(";")]
        assert not names & set(re.findall(r"\b([A-Z_]+)=", "\n".join(settings)))


def test_the_documentation_names_every_file_and_every_log() -> None:
    page = (ROOT / "docs/deployment.md").read_text()

    for file in PROGRAMS:
        assert f"| `{file.name}` |" in page
        log = Path(PARSED[file.stem.removeprefix("emis-chat-")]["stdout_logfile"])
        assert f"`{log.parent}`" in page
        assert f"`{file.stem}" in page
