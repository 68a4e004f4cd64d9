"""All servers of an instance together."""

import shutil
import time
from typing import Self

from devstack import instance as instances
from devstack import java
from devstack.environment import development_environment
from devstack.errors import StackError
from devstack.instance import DEFAULT_NAME, ROOT, Instance
from devstack.kafka import KafkaNode
from devstack.mongodb import MongodbMember
from devstack.progress import report
from devstack.redis import RedisServer
from devstack.service import START_SECONDS, Service, ServiceStatus

LEAST_FREE_BYTES = 1 << 30


class Stack:
    """Kafka, MongoDB and Redis of one name, with ports and data of their own.

    `brokers` and `mongodb_members` are 1 or 3; None means what the instance has, else 1. Not
    safe for two threads; two processes are kept apart by a lock. Every error is a StackError.
    """

    def __init__(
        self,
        name: str = DEFAULT_NAME,
        *,
        brokers: int | None = None,
        mongodb_members: int | None = None,
    ) -> None:
        instances.check_name(name)
        self.name = name
        self._brokers = brokers
        self._mongodb_members = mongodb_members

    def up(self) -> Self:
        """Starts what does not run and returns when all are healthy. A failed start is undone."""
        with instances.locked(self.name):
            _check_disk()
            instance = self._load_or_create()
            java.kafka_jars()  # before the clock of the start runs
            services = _services(instance)
            missing = [service for service in services if service.process is None]
            try:
                if missing:
                    report(f"starting {', '.join(service.name for service in missing)}")
                for service in missing:
                    service.launch()
                _wait_for_all(services)
            except BaseException:
                _stop_together(missing)
                raise
        return self

    @property
    def exists(self) -> bool:
        """Whether it was made, by `up` or by `env`, and not reset since."""
        return instances.load(self.name) is not None

    def down(self) -> None:
        """Ends the processes that were started for this instance, and no others."""
        if not self.exists:
            return
        with instances.locked(self.name):
            _stop_together(self._existing_services())

    def reset(self) -> None:
        """Kills the servers and deletes data, logs and remembered ports. The shared jars stay."""
        with instances.locked(self.name):
            for service in self._existing_services():
                service.kill()
            instances.delete(self.name)

    def status(self) -> list[ServiceStatus]:
        """One per service; empty if the instance was never started."""
        return [service.status() for service in self._existing_services()]

    @property
    def is_running(self) -> bool:
        """Whether every service has a living process."""
        services = self._existing_services()
        return bool(services) and all(service.process for service in services)

    def service(self, name: str) -> Service:
        """`kafka-1` to `kafka-3`, `mongodb` (of three: `mongodb-1` to `-3`) or `redis`."""
        services = {service.name: service for service in _services(self._load_or_create())}
        if name not in services:
            raise StackError(f"no service {name!r} in {self.name}: it has {', '.join(services)}")
        return services[name]

    def env(self) -> dict[str, str]:
        """The product's environment for this instance; no server needs to run."""
        return development_environment(self._load_or_create())

    def _load_or_create(self) -> Instance:
        return instances.load_or_create(
            self.name, brokers=self._brokers, mongodb_members=self._mongodb_members
        )

    def _existing_services(self) -> list[Service]:
        instance = instances.load(self.name)
        return _services(instance) if instance else []


def _services(instance: Instance) -> list[Service]:
    """In the order of starting: the slow starters first."""
    return [
        *(KafkaNode(instance, name) for name in instance.broker_names),
        *(MongodbMember(instance, name) for name in instance.mongodb_names),
        RedisServer(instance, "redis"),
    ]


def _wait_for_all(services: list[Service]) -> None:
    began = time.monotonic()
    waiting = list(services)
    while waiting:
        healthy = _wait_for_any(waiting, until=began + START_SECONDS)
        waiting.remove(healthy)
        rest = f"; waiting for {', '.join(service.name for service in waiting)}" if waiting else ""
        seconds = time.monotonic() - began
        report(f"{healthy.name} is up on port {healthy.port} ({seconds:.1f} s){rest}")


def _wait_for_any(services: list[Service], *, until: float) -> Service:
    """The next one that is healthy. Raises StackError when one died or time (monotonic) is up."""
    while True:
        for service in services:
            service.check_alive()
            if service.is_healthy():
                return service
        if time.monotonic() > until:
            raise StackError(services[0].too_slow())
        time.sleep(0.05)


def _stop_together(services: list[Service]) -> None:
    for service in services:
        service.request_stop()
    for service in services:
        service.finish_stop()


def _check_disk() -> None:
    ROOT.mkdir(exist_ok=True)
    free = shutil.disk_usage(ROOT).free
    if free < LEAST_FREE_BYTES:
        raise StackError(
            f"{free / 2**20:.0f} MiB are free for {ROOT}, {LEAST_FREE_BYTES / 2**20:.0f} are"
            " needed: make room, or delete an instance: python -m devstack reset --name <name>"
        )
