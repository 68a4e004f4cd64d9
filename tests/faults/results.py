"""The results file, which grows over several runs, and the table of the docs."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec

AGAIN = "/again-"
"""Parts the seed of a round from the number of its repetition."""


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    """One round that counted. `repeated`: rounds before it whose fault was not seen to happen;
    the seed names the last of them all."""

    row: str
    way: str
    seed: str
    protocol: str
    consumers: int
    acknowledged: int
    stored: int
    dead_lettered: int
    differences: list[str]
    seconds: float
    repeated: int


def read(path: Path) -> list[Entry]:
    if not path.exists():
        return []
    return msgspec.json.decode(path.read_bytes(), type=list[Entry])


def add(path: Path, entry: Entry) -> None:
    """A round that was run before, by the seed that was planned, is replaced."""
    kept = [each for each in read(path) if _planned(each) != _planned(entry)]
    lines = [json.dumps(msgspec.to_builtins(each), ensure_ascii=False) for each in [*kept, entry]]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    draft.replace(path)


def _planned(entry: Entry) -> str:
    return entry.seed.partition(AGAIN)[0]


def table(entries: Sequence[Entry], rows: Sequence[str]) -> str:
    """Markdown, a line per row of the table of faults, and the sum."""
    lines = [
        "| fault | ways | rounds | repeated | acknowledged | stored | dead letters | differences |",
        "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    lines += [_line(row, [each for each in entries if each.row == row]) for row in rows]
    return "\n".join([*lines, _line("all", list(entries))])


def _line(name: str, entries: list[Entry]) -> str:
    figures = (
        len({(each.row, each.way) for each in entries}),
        len(entries),
        sum(each.repeated for each in entries),
        sum(each.acknowledged for each in entries),
        sum(each.stored for each in entries),
        sum(each.dead_lettered for each in entries),
        sum(len(each.differences) for each in entries),
    )
    return " | ".join([f"| {name}", *(f"{figure:,}" for figure in figures)]) + " |"
