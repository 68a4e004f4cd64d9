"""Load over HTTP by h2load (Debian: nghttp2-client): a fixed number of requests, each one noted."""

import re
import resource
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.waiting import BenchFailed

MOST_SECONDS = 300


class Load(NamedTuple):
    """What came of a load: how long it took, what its generator used, each answer's time."""

    seconds: float
    generator_cpu_seconds: float
    milliseconds: Sequence[float]
    """In ascending order, one per request."""

    def percentile(self, percent: float) -> float:
        place = min(len(self.milliseconds) - 1, int(len(self.milliseconds) * percent / 100))
        return self.milliseconds[place]


def post(
    url: str,
    body: Path,
    headers: Mapping[str, str],
    *,
    requests: int,
    connections: int,
    per_second: float | None = None,
) -> Load:
    """Posts the file `requests` times over so many connections, one request at a time on each;
    at a fixed rate if `per_second` is given.

    Raises BenchFailed unless every answer is 200.
    """
    return _run(
        url,
        body.with_suffix(".answers"),
        headers,
        [
            *("-d", str(body)),
            *([f"--rps={per_second / connections:.2f}"] if per_second else []),
        ],
        requests=requests,
        connections=connections,
    )


def get(
    url: str, log: Path, headers: Mapping[str, str], *, requests: int, connections: int
) -> Load:
    """Gets the address so often; `log` is a file for the answers' times. Raises BenchFailed."""
    return _run(url, log, headers, [], requests=requests, connections=connections)


def _run(
    url: str,
    log: Path,
    headers: Mapping[str, str],
    options: Sequence[str],
    *,
    requests: int,
    connections: int,
) -> Load:
    if shutil.which("h2load") is None:
        raise BenchFailed("h2load is missing. On Debian or Ubuntu: apt-get install nghttp2-client")
    log.unlink(missing_ok=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = subprocess.run(
        [
            *("h2load", "--h1", "-t", "1", "-n", str(requests), "-c", str(connections)),
            *(f"--log-file={log}", *options),
            *(f"--header={name}: {value}" for name, value in headers.items()),
            url,
        ],
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    times = _answer_times(log, requests, answer.stdout + answer.stderr)
    finished = re.search(r"finished in ([\d.]+)(us|ms|s)", answer.stdout)
    if finished is None:
        raise BenchFailed(f"h2load did not finish:\n{answer.stdout}{answer.stderr}")
    return Load(
        seconds=float(finished[1]) / {"us": 1e6, "ms": 1e3, "s": 1}[finished[2]],
        generator_cpu_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        milliseconds=times,
    )


def _answer_times(log: Path, requests: int, output: str) -> list[float]:
    """Columns of the log: start in microseconds since the epoch, status, microseconds it took."""
    lines = [line.split("\t") for line in log.read_text().splitlines()] if log.exists() else []
    bad = [line for line in lines if line[1] != "200"]
    if bad or len(lines) != requests:
        raise BenchFailed(
            f"{len(bad)} answers are not 200 and {requests - len(lines)} are missing: {bad[:3]}"
            f"\n{output}"
        )
    return sorted(int(line[2]) / 1_000 for line in lines)
