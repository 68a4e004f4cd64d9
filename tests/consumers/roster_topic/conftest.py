"""The roster's topic on the real Kafka, and a school that is told there."""

import json
import os
import subprocess
from typing import Any

import pytest

from chat_project.settings.environment import BASE_DIR
from tests.consumers.pipelines import Pipeline
from tests.consumers.roster_events import School
from tests.processes import manage


class RosterPipeline(Pipeline):
    """A pipeline whose topics are subscribed both, and its commands."""

    @property
    def topic(self) -> str:
        return self.environment.roster_topic

    def tell(self, *events: tuple[str, Any], key: str = "any") -> None:
        for event_type, body in events:
            value = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers: list[tuple[str, str | bytes | None]] = [("event-type", event_type.encode())]
            self._producer.produce(self.topic, value, key, headers=headers)
        assert self._producer.flush(30) == 0

    def drain(self) -> None:
        with self.consumer("--drain") as process:
            assert process.wait(60) == 0, process.output()

    def run(self, *command: str, exit_code: int = 0) -> str:
        """What the command prints; its standard error, too, with another exit code than 0."""
        done = subprocess.run(
            manage(*command),
            cwd=BASE_DIR,
            env={**os.environ, **self.variables},
            capture_output=True,
            check=False,
        )
        assert done.returncode == exit_code, (done.stdout + done.stderr).decode()
        return done.stdout.decode() + (done.stderr.decode() if exit_code else "")


@pytest.fixture
def pipeline(database: None) -> RosterPipeline:
    return RosterPipeline()


@pytest.fixture
def school() -> School:
    return School()
