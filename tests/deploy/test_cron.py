"""deploy/cron: each line does its work as cron runs it, and tells what is wrong when it cannot."""

import os
import re
import stat
import subprocess
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from chat_project.mongodb import using_database
from chat_project.running_alone import running_alone
from consumers.turns import PLACE
from tests.consumers.pipelines import free_port
from tests.deploy.compose import ROOT
from tests.deploy.installation import DOCUMENTED, Ended, Installation

FILES = sorted(path for path in (ROOT / "deploy/cron").iterdir() if path.name != "job")
ALREADY = os.EX_TEMPFAIL
RUN_SECONDS = 240.0
AWAY = {
    "MongoDB": ("MONGODB_URI", "mongodb://127.0.0.1:{port}/?replicaSet=rs0"),
    "Kafka": ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:{port}"),
}


class Line(NamedTuple):
    file: str
    times: list[str]
    user: str
    command: str

    @property
    def job(self) -> str:
        """The command of manage.py, with its options."""
        return self.command.partition("/job ")[2]


def lines() -> Iterator[Line]:
    for file in FILES:
        for text in file.read_text().splitlines():
            if text and not re.match(r"#|\w+=", text):
                *times, user, command = text.split(maxsplit=6)
                yield Line(file.name, times, user, command)


LINES = list(lines())
by_job = pytest.mark.parametrize("line", LINES, ids=lambda line: line.job)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """In which a message was sent that no consumer has seen."""
    installed = Installation(tmp_path_factory.mktemp("installed"))
    installed.prepare()
    with installed.api() as chat:
        room = chat.found_teacher_group(name="Tổ Toán").conversation_id
        chat.send_text(conversation_id=room, content="Chào")
    assert run(installed, line_of("consume_messages --drain")).code == 0
    return installed


def line_of(job: str) -> Line:
    [line] = [line for line in LINES if line.job == job]
    return line


def environment_of(line: Line, installation: Installation) -> dict[str, str]:
    """What cron gives: the file's own variables, and those of the user."""
    text = (ROOT / "deploy/cron" / line.file).read_text()
    own = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    return {"HOME": str(installation.folder), "LOGNAME": line.user, **own}


def command_of(line: Line, installation: Installation) -> list[str]:
    shell = environment_of(line, installation)["SHELL"]
    return [shell, "-c", line.command.replace(DOCUMENTED, str(installation.folder))]


def run(installation: Installation, line: Line) -> Ended:
    """As cron does, with no variable of the tests."""
    done = subprocess.run(
        command_of(line, installation),
        cwd=installation.folder,
        env=environment_of(line, installation),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def test_the_files_are_as_debians_cron_reads_them() -> None:
    for file in FILES:
        assert re.fullmatch(r"[A-Za-z0-9_-]+", file.name)  # cron passes over others
        assert file.read_text().endswith("\n")
        assert not stat.S_IMODE(file.stat().st_mode) & (stat.S_IWGRP | stat.S_IWOTH | stat.S_IXUSR)
    for line in LINES:
        assert len(line.times) == 5
        assert all(re.fullmatch(r"\*|\d+|\*/\d+", each) for each in line.times)
        assert line.user == "emis-chat"
        assert "%" not in line.command  # a line break to cron


@by_job
def test_each_line_works_and_has_nothing_to_mail(line: Line, installation: Installation) -> None:
    ended = run(installation, line)

    assert (ended.code, ended.output, ended.errors) == (0, "", ""), ended
    told = (installation.folder / "logs/cron.log").read_text()
    assert f" {line.job} ended with exit code 0\n" in told


@by_job
@pytest.mark.parametrize("server", AWAY)
def test_without_a_server_it_says_which_and_fails(
    line: Line, server: str, installation: Installation
) -> None:
    setting, address = AWAY[server]
    installation.set(**{setting: address.format(port=free_port())})
    try:
        ended = run(installation, line)
    finally:
        installation.set()

    assert ended.code not in (0, ALREADY), ended
    assert setting in ended.output
    assert "Traceback" not in ended.output + ended.errors


def test_what_is_printed_is_kept_and_not_mailed(installation: Installation) -> None:
    assert run(installation, line_of("reconcile")).output == ""

    assert "differences: 0" in (installation.folder / "logs/cron.log").read_text()


@by_job
def test_beside_another_run_it_ends_at_once_and_says_why(
    line: Line, installation: Installation
) -> None:
    name = line.job
    if "--drain" in name:
        suffix = "-search" if "index" in name else ""
        name += f" of {installation.settings['KAFKA_GROUP_ID']}{suffix}"
    place = PLACE if name == "purge_messages" else None
    with (
        using_database(installation.settings["MONGODB_DATABASE"]),
        running_alone(name, place=place),
    ):
        ended = run(installation, line)

    assert (ended.code, ended.output, ended.errors) == (ALREADY, "", "")
    told = (installation.folder / "logs/cron.log").read_text()
    assert f"{name} runs already, since 20" in told
