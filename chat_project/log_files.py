"""The log file of a UTC day, written by many processes at once."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

_SECONDS_PER_DAY = 86_400
RETRY_SECONDS = 60.0


class DayFile:
    """`chat-service-<YYYYMMDD>.log` in a folder; the first line of a UTC day begins a new one.

    Each `write` is one append of whole lines, so those of several processes never mix. A folder
    that cannot be written costs one warning a minute, never the process.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day: int | None = None
        self._descriptor: int | None = None
        self._retry_at = 0.0
        self._lock = Lock()

    def write(self, text: str, epoch_seconds: float) -> None:
        with self._lock:
            self._begin_day(int(epoch_seconds // _SECONDS_PER_DAY), epoch_seconds)
            if self._descriptor is None:
                return
            try:
                os.write(self._descriptor, text.encode(errors="backslashreplace"))
            except OSError as error:
                self._give_up(error)

    def _begin_day(self, day: int, epoch_seconds: float) -> None:
        if day == self._day and (self._descriptor is not None or epoch_seconds < self._retry_at):
            return
        self._day, self._retry_at = day, epoch_seconds + RETRY_SECONDS
        self.close()
        date = datetime.fromtimestamp(day * _SECONDS_PER_DAY, UTC).strftime("%Y%m%d")
        path = self._folder / f"chat-service-{date}.log"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.close()
        sys.stderr.write(f"[WARNING] No log file, {self._folder} cannot be written: {error}\n")

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
