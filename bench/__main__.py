"""`python -m bench`: every measurement of docs/performance.md, one after the other.

Data and charts go to docs/performance; with `--quick` to a folder that is forgotten, in under three
minutes, to see that everything works.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import accept, pipeline, reads, sink, steady
from bench.waiting import say
from devstack.instance import REPOSITORY

FOLDER = REPOSITORY / "docs" / "performance"

Run = tuple[str, Callable[[Sequence[str]], int], list[str]]

QUICK: list[Run] = [
    ("accept", accept.main, ["--rounds", "1", "--quick"]),
    (
        "pipeline",
        pipeline.main,
        ["--rounds", "1", "--messages", "60000", "--case", pipeline.CASES[0].name],
    ),
    ("steady", steady.main, ["--rounds", "1", "--seconds", "5"]),
]
FULL: list[Run] = [
    ("accept", accept.main, []),
    ("accept-three-brokers", accept.main, ["--brokers", "3"]),
    ("pipeline", pipeline.main, []),
    ("steady", steady.main, []),
    ("sink", sink.main, []),
    ("reads", reads.main, []),
]


def main() -> int:
    """Exit code: 0 all measured, 1 one of them failed or was refused, 2 wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="one short round of each; no sink, no reads"
    )
    options = parser.parse_args()
    with TemporaryDirectory() as forgotten:
        if options.quick:
            return _run(QUICK, Path(forgotten))
        return _run(FULL, FOLDER)


def _run(runs: Sequence[Run], folder: Path) -> int:
    failed = []
    for name, run, arguments in runs:
        say(f"--- {name}")
        if run([*arguments, "--output", str(folder / f"{name}.json")]):
            failed.append(name)
    if failed:
        say(f"failed or refused: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
