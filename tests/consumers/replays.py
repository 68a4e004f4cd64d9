"""A topic handled to its end, and `manage.py replay` of it."""

from tests.consumers.pipelines import Pipeline
from tests.processes import manage, running


def drain(pipeline: Pipeline, **variables: str) -> str:
    with pipeline.consumer("--drain", **variables) as consumer:
        assert consumer.wait() == 0, consumer.output()
        return consumer.output()


def replay(pipeline: Pipeline, *options: str) -> tuple[int, str]:
    """Exit code and both outputs."""
    with running(manage("replay", *options), pipeline.variables) as command:
        return command.wait(), command.output()
