"""The servers that rounds run on: a private instance per need, started once, mended after each."""

import time
import uuid
from enum import StrEnum
from typing import Any

from pymongo import MongoClient

from devstack import Stack
from devstack.service import Service, State

CLIENT_SECONDS = 30


class Need(StrEnum):
    """Which servers a fault is about; the value begins the name of their devstack instance."""

    ONE_EACH = "faults-single"
    THREE_BROKERS = "faults-brokers"
    THREE_MEMBERS = "faults-members"


class Servers:
    """A running instance and a client that sees its databases."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.addresses = stack.env()
        self.mongodb: MongoClient[dict[str, Any]] = MongoClient(
            self.addresses["MONGODB_URI"], tz_aware=True, timeoutMS=CLIENT_SECONDS * 1_000
        )

    def service(self, name: str) -> Service:
        return self.stack.service(name)

    @property
    def brokers(self) -> list[Service]:
        names = [each.service for each in self.stack.status()]
        return [self.service(name) for name in names if name.startswith("kafka")]

    def mend(self) -> None:
        """Whatever a round left stopped, paused or failing works again when this returns."""
        lines = self.stack.status()
        for line in lines:
            self.service(line.service).resume()
        if not all(line.state is State.UP for line in lines):
            self.stack.up()
        self._end_fail_points()

    def close(self) -> None:
        self.mongodb.close()

    def _end_fail_points(self) -> None:
        self.mongodb.admin.command("configureFailPoint", "failCommand", mode="off")


class ServerPool:
    """Starts instances when they are first needed; one at a time runs, to spare the machine."""

    def __init__(self) -> None:
        self._running: tuple[Need, Servers] | None = None

    def get(self, need: Need) -> Servers:
        if self._running is not None and self._running[0] is need:
            return self._running[1]
        self.close()
        stack = Stack(
            f"{need}-{uuid.uuid4().hex[:6]}",  # two runs at a time must not break each other's
            brokers=3 if need is Need.THREE_BROKERS else 1,
            mongodb_members=3 if need is Need.THREE_MEMBERS else 1,
        )
        self._running = need, Servers(stack.up())
        return self._running[1]

    def close(self) -> None:
        """Stops what runs; deletes its data too, so that no round's remains slow the next."""
        if self._running is not None:
            self._running[1].close()
            self._running[1].stack.reset()
        self._running = None


def pause_seconds(seconds: float) -> None:
    """The length of an outage: part of the fault, not a way of waiting for something."""
    time.sleep(seconds)
