"""What a row is made of."""

from collections.abc import Callable
from typing import NamedTuple

from tests.faults.round import Round
from tests.faults.servers import Need

Fault = Callable[[Round], None]
"""Starts the consumers, sends load, breaks something and raises NotSeen if that did not happen."""


class Way(NamedTuple):
    """One way to fail, of a row."""

    row: str
    name: str
    fault: Fault
    need: Need = Need.ONE_EACH

    @property
    def title(self) -> str:
        return f"{self.row}: {self.name}"
