"""`python -m tests.faults.batches --into FILE -- consume_messages …`

Runs a command of the product that also writes to a file which records were in one batch. The hook
is set from outside, as those of `tests.faults.crash`.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.core.management import execute_from_command_line

from tests.faults.load import Coordinates


def read_batches(file: Path) -> list[set[Coordinates]]:
    """As they were handed to the handler; a batch that was tried again is there again."""
    if not file.exists():
        return []
    return [set(map(_coordinates, line.split())) for line in file.read_text().splitlines()]


def _coordinates(text: str) -> Coordinates:
    partition, _, offset = text.partition(":")
    return int(partition), int(offset)


def _noting(apply: Callable[..., Any], file: Path) -> Callable[..., Any]:
    def noted(handler: Any, batch: Any) -> Any:
        line = " ".join(f"{record.partition}:{record.offset}" for record in batch.records)
        with file.open("a") as notes:
            notes.write(f"{line}\n")
        return apply(handler, batch)

    return noted


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.batches", description=__doc__)
    parser.add_argument("--into", type=Path, required=True, help="a line per batch is added")
    parser.add_argument("command", nargs="+", help="the product's command and its options")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings.django")
    django.setup()
    from consumers.handler import ChatHandler

    home: Any = ChatHandler
    home.apply = _noting(home.apply, options.into)
    execute_from_command_line(["manage.py", *options.command])


if __name__ == "__main__":
    main()
