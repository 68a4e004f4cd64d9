import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.process import Process, birth_of, start_in_background, tail

PATIENCE_SECONDS = 30.0
"""For what must come: the machine may be busy."""


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    process = start_in_background(["sleep", "60"], log=tmp_path / "log", folder=tmp_path)
    yield process
    process.signal(signal.SIGKILL)


def test_a_background_process_has_a_session_of_its_own(sleeper: Process) -> None:
    assert sleeper.alive
    assert os.getsid(sleeper.pid) != os.getsid(0)
    assert os.getpgid(sleeper.pid) != os.getpgid(0)


def test_a_background_process_is_gone_after_its_end(sleeper: Process) -> None:
    sleeper.signal(signal.SIGTERM)

    assert sleeper.ended_within(PATIENCE_SECONDS)
    assert sleeper.rss_bytes == 0


def test_the_wait_for_an_end_is_bounded(sleeper: Process) -> None:
    assert not sleeper.ended_within(0.1)


def test_a_stopped_process_counts_as_paused(sleeper: Process) -> None:
    sleeper.pause()
    assert sleeper.paused

    sleeper.resume()
    assert not sleeper.paused


def test_a_reused_pid_is_not_the_process_that_was_started(sleeper: Process) -> None:
    former = Process(sleeper.pid, birth="another boot:1")

    former.signal(signal.SIGKILL)

    assert not former.alive
    assert sleeper.alive


def test_a_zombie_is_not_alive() -> None:
    with subprocess.Popen(["true"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and not yet reaped
        assert birth_of(child.pid) is None


def test_a_saved_process_is_found_again(sleeper: Process, tmp_path: Path) -> None:
    sleeper.save(tmp_path / "run" / "sleeper.json")

    assert Process.load(tmp_path / "run" / "sleeper.json") == sleeper


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_record_that_was_cut_short_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "record").write_text(content)

    assert Process.load(tmp_path / "record") is None
    assert Process.load(tmp_path / "missing") is None


def test_a_command_that_does_not_exist_is_a_dead_process_with_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"

    process = start_in_background(["no-such-command"], log=log, folder=tmp_path)

    assert process.ended_within(PATIENCE_SECONDS)
    assert "no-such-command" in tail(log)


def test_the_log_of_the_start_before_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for word in ("first", "second"):
        process = start_in_background(["echo", word], log=log, folder=tmp_path)
        assert process.ended_within(PATIENCE_SECONDS)

    assert log.read_text() == "second\n"
    assert log.with_name("log.old").read_text() == "first\n"
