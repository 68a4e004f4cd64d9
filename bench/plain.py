"""Measurements that tell lines instead of tables: one stage, one run."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.stage import Stage, servers
from bench.waiting import BenchFailed, say
from devstack import StackError


def tell(name: str, measure: Callable[[Stage], Sequence[str]]) -> int:
    """What is measured on servers of that name, on standard output. Exit code: 0 measured, 1 refused
    or failed."""
    try:
        with servers(name) as addresses, TemporaryDirectory() as folder:
            stage = Stage(addresses, Path(folder))
            try:
                lines = measure(stage)
            finally:
                stage.close()
    except (BenchFailed, StackError) as error:
        say(f"error: {error}")
        return 1
    sys.stdout.write("\n".join(lines) + "\n")
    return 0
