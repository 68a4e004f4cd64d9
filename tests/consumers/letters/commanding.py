"""`manage.py dead_letters` as operators run it, and the letters that it finds."""

import json
import os
import pty
import subprocess
from typing import Any

from chat_project.mongodb import collection
from tests.consumers.pipelines import Pipeline
from tests.processes import ROOT, manage


def drain(pipeline: Pipeline) -> None:
    with pipeline.consumer("--drain") as consumer:
        assert consumer.wait() == 0, consumer.output()


def command(pipeline: Pipeline | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Of the session's own topics where no pipeline is given."""
    return subprocess.run(
        manage("dead_letters", *arguments),
        cwd=ROOT,
        env={**os.environ, **(pipeline.variables if pipeline else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def on_a_terminal(pipeline: Pipeline, *arguments: str) -> str:
    """What the command writes to standard error when that is a terminal."""
    reading, writing = pty.openpty()
    environment = {**os.environ, **pipeline.variables}
    process = subprocess.Popen(
        manage("dead_letters", *arguments),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=writing,
    )
    assert process.wait(60) == 0
    os.close(writing)
    with open(reading, "rb", buffering=0) as terminal:
        return terminal.read(65_536).decode()


def answer(pipeline: Pipeline, *arguments: str) -> Any:
    done = command(pipeline, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def letters_of(pipeline: Pipeline) -> list[dict[str, Any]]:
    topic = pipeline.environment.message_topic
    return list(collection("dead_letters").find({"topic": topic}).sort("at", 1))


def the_letter(pipeline: Pipeline) -> dict[str, Any]:
    [letter] = letters_of(pipeline)
    return letter
