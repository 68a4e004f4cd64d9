"""`scripts/run` from outside, on an instance of its own."""

import os
import re
import shlex
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from devstack import Stack, State, ports
from devstack.instance import REPOSITORY
from scripts.children import Child, ChildDied
from scripts.run import ADDRESSES, ENDING, _parser, _servers, main

PATIENCE_SECONDS = 120
TIMES = re.compile(r"accepted in \d+ ms, stored after \d+ ms")

Run = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def own_stack() -> Iterator[Stack]:
    stack = Stack(f"private-{uuid.uuid4().hex[:8]}")
    yield stack
    stack.reset()


@pytest.fixture
def port() -> int:
    return ports.free_port(())


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the standard error of `run` goes."""
    return tmp_path / "log"


@pytest.fixture
def run(own_stack: Stack, port: int, log: Path) -> Iterator[Run]:
    """Starts `scripts/run` with options, as a script's background job without our settings."""
    started: list[subprocess.Popen[str]] = []
    # `env` names every setting that the test session may have set for itself.
    environment = {name: os.environ[name] for name in os.environ.keys() - own_stack.env().keys()}

    def start(*options: str) -> subprocess.Popen[str]:
        with log.open("w") as errors:
            process = subprocess.Popen(
                [
                    *("sh", "-c", 'trap "" INT; exec "$@"', "sh"),  # without job control
                    *("scripts/run", "--devstack-name", own_stack.name),
                    *("--port", str(port), *options),
                ],
                cwd=REPOSITORY,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)


def test_a_smoke_run_stores_a_message_and_leaves_nothing_running(
    run: Run, own_stack: Stack, port: int, log: Path
) -> None:
    process = run("--smoke")
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 0, log.read_text()
    assert TIMES.search(output), output
    assert f"http://localhost:{port}/swagger" in output
    _assert_nothing_runs(own_stack, port)


def test_ctrl_c_stops_everything_that_was_started(run: Run, own_stack: Stack, port: int) -> None:
    process = run("--consumers", "2")
    curl = _printed_curl(process)
    answer = subprocess.run(shlex.split(curl), capture_output=True, text=True, check=True)
    assert '"success":true' in answer.stdout.replace(" ", "")

    process.send_signal(signal.SIGINT)

    assert process.wait(PATIENCE_SECONDS) == 0
    _assert_nothing_runs(own_stack, port)


def test_a_taken_port_is_said_before_anything_starts(
    own_stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as listener:
        listener.bind((ports.HOST, 0))
        listener.listen()
        taken = listener.getsockname()[1]
        before = [signal.getsignal(number) for number in ENDING]

        assert main(["--devstack-name", own_stack.name, "--port", str(taken)]) == 1

    assert f"port {taken} of the API is already taken by" in capsys.readouterr().err
    assert [signal.getsignal(number) for number in ENDING] == before


def test_an_empty_setting_counts_as_absent_for_what_is_started(
    own_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [part for option, name in ADDRESSES.items() for part in (f"--{option}", name)]
    monkeypatch.setenv("WEB_CONCURRENCY", "")
    monkeypatch.setenv("KAFKA_PARTITIONS", "")
    options = _parser().parse_args(["--devstack-name", own_stack.name, *given])

    environment = _servers(options, ExitStack())

    assert "WEB_CONCURRENCY" not in environment
    assert environment["KAFKA_PARTITIONS"] == own_stack.env()["KAFKA_PARTITIONS"]


def test_a_child_that_dies_early_is_shown_with_its_last_lines(tmp_path: Path) -> None:
    child = Child(
        "api",
        ["sh", "-c", "echo out of luck; exit 3"],
        environment=os.environ,
        folder=tmp_path,
    )

    with pytest.raises(ChildDied, match=r"api ended with exit code 3; .+\n +out of luck"):
        _check_until_dead(child)


def test_on_given_servers_none_is_started_and_sigterm_stops_the_product(
    run: Run, own_stack: Stack, port: int, log: Path
) -> None:
    given = [(f"--{option}", os.environ[name]) for option, name in ADDRESSES.items()]
    process = run(*(part for pair in given for part in pair))
    _printed_curl(process)
    assert {line.state for line in own_stack.status()} == {State.DOWN}

    process.send_signal(signal.SIGTERM)

    assert process.wait(PATIENCE_SECONDS) == 0
    assert "devstack: starting" not in log.read_text()
    assert ports.is_free(port)


def _printed_curl(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("curl "):
            return line.strip()
    raise AssertionError("scripts/run ended without its summary; see the log")


def _check_until_dead(child: Child) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        child.check_alive()
        time.sleep(0.01)


def _assert_nothing_runs(stack: Stack, port: int) -> None:
    assert {line.state for line in stack.status()} == {State.DOWN}
    assert ports.is_free(port)
