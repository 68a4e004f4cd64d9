"""What processes use: CPU seconds between two moments, and the most memory they ever had."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

Pids = Mapping[str, Sequence[int]]
"""By the name under which their use is told; children are counted with their parents."""


class CpuMeter:
    """CPU seconds (user and system, children included) of named processes since its making.

    A process that has ended counts with what it had used when it was last looked at: none.
    """

    def __init__(self, pids: Pids) -> None:
        self._processes = {name: family_of(roots) for name, roots in pids.items()}
        self._before = self._now()

    def seconds(self) -> dict[str, float]:
        now = self._now()
        return {name: now[name] - self._before[name] for name in now}

    def _now(self) -> dict[str, float]:
        return {name: sum(map(cpu_seconds, family)) for name, family in self._processes.items()}


def family_of(pids: Sequence[int]) -> list[psutil.Process]:
    """The processes and all that descends from them."""
    roots = [psutil.Process(pid) for pid in pids]
    return [*roots, *(child for root in roots for child in root.children(recursive=True))]


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def peak_rss_mib(pids: Pids) -> dict[str, float]:
    """The kernel's high-water mark of resident memory (VmHWM), summed over each family."""
    return {
        name: sum(_high_water_mib(process.pid) for process in family_of(roots))
        for name, roots in pids.items()
    }


def _high_water_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
