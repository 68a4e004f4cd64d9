"""A consumer process of a round."""

import signal
import tempfile
import uuid
from pathlib import Path

from tests.faults.batches import read_batches
from tests.faults.load import Coordinates
from tests.processes import Process


class Member:
    """A consumer process; its `marker` is a file where it tells the suite of itself."""

    def __init__(self, number: int, arguments: list[str], variables: dict[str, str]) -> None:
        self.client_id = f"member-{number}"
        self.marker = Path(tempfile.gettempdir()) / f"fault-{uuid.uuid4().hex}"
        filled = [str(self.marker) if each == "{marker}" else each for each in arguments]
        self.process = Process(filled, {**variables, "KAFKA_CLIENT_ID": self.client_id})

    @property
    def is_alive(self) -> bool:
        return self.process.popen.poll() is None

    @property
    def trapped(self) -> str | None:
        """The step where it was to fail, once it came there."""
        return self.marker.read_text() if self.marker.exists() else None

    @property
    def batches(self) -> list[set[Coordinates]]:
        """What a member that notes its batches was handed, batch by batch."""
        return read_batches(self.marker)

    def signal(self, number: signal.Signals) -> None:
        self.process.popen.send_signal(number)

    def close(self) -> None:
        self.process.close()
        self.marker.unlink(missing_ok=True)
