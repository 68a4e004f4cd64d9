"""Charts as PNG: a drained backlog; medians of rounds with their spread."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import matplotlib as mpl
from matplotlib import pyplot

mpl.use("Agg")  # without a display


class Drained(Protocol):
    """A second of the run."""

    @property
    def seconds(self) -> float: ...
    @property
    def lag(self) -> int: ...
    @property
    def records_per_second(self) -> int: ...
    @property
    def rss_mib(self) -> float: ...


def draw(samples: Sequence[Drained], path: Path, *, messages: int) -> None:
    """Lag, rate and memory over time, one below the other, as PNG."""
    seconds = [each.seconds for each in samples[1:]]
    figure, (lag, rate, memory) = pyplot.subplots(3, sharex=True, figsize=(9, 8))
    lag.plot(seconds, [each.lag / 1_000 for each in samples[1:]])
    lag.set_ylabel("lag, 1,000 records")
    rate.plot(seconds, [each.records_per_second for each in samples[1:]])
    rate.set_ylabel("records per second")
    memory.plot(seconds, [each.rss_mib for each in samples[1:]])
    memory.set_ylabel("RSS of the consumer, MiB")
    memory.set_xlabel("seconds since the consumer was started")
    for axes in (lag, rate, memory):
        axes.set_ylim(bottom=0)
        axes.grid(visible=True, alpha=0.3)
    figure.suptitle(f"A backlog of {messages:,} messages, one consumer process")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def draw_medians(values: Mapping[str, Mapping[str, Sequence[float]]], path: Path) -> None:
    """A panel per figure: a bar per subject, with a line from minimum to maximum.

    `values`: figure with its unit -> subject -> the values of its rounds.
    """
    rows = max(len(subjects) for subjects in values.values())
    figure, panels = pyplot.subplots(
        1, len(values), squeeze=False, figsize=(5.5 * len(values), 1.4 + 0.45 * rows)
    )
    for axes, (name, subjects) in zip(panels[0], values.items(), strict=True):
        medians = {subject: statistics.median(each) for subject, each in subjects.items()}
        spread = [
            [medians[subject] - min(each) for subject, each in subjects.items()],
            [max(each) - medians[subject] for subject, each in subjects.items()],
        ]
        axes.barh(list(medians), list(medians.values()), xerr=spread, capsize=3)
        axes.invert_yaxis()
        axes.set_xlabel(name)
        axes.grid(visible=True, axis="x", alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
