"""An instance: its folder, and what it remembers (ports, number of servers, Kafka's cluster id)."""

import base64
import fcntl
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from devstack.errors import StackError
from devstack.ports import free_port

REPOSITORY = Path(__file__).resolve().parent.parent
ROOT = REPOSITORY / ".devstack"

DEFAULT_NAME = "default"
DEFAULT_PORTS = {"kafka-1": 9092, "mongodb": 27017, "mongodb-1": 27017, "redis": 6379}
CLASS_ARCHIVE = "class-archive"
"""Name of a lock, as those of instances are."""
RESERVED_NAMES = {"jars", "connect-jars", CLASS_ARCHIVE}


@dataclass(frozen=True)
class Instance:
    """What `.devstack/<name>/instance.json` holds. Ports are by listener: `kafka-1`, `kafka-1-controller`."""

    name: str
    brokers: int
    mongodb_members: int
    cluster_id: str
    ports: dict[str, int]

    @property
    def folder(self) -> Path:
        return folder_of(self.name)

    @property
    def broker_names(self) -> list[str]:
        return [f"kafka-{number}" for number in range(1, self.brokers + 1)]

    @property
    def mongodb_names(self) -> list[str]:
        return _mongodb_names(self.mongodb_members)


def folder_of(name: str) -> Path:
    return ROOT / name


def check_name(name: str) -> None:
    """Raises StackError unless it is a short folder name of its own."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", name) or name in RESERVED_NAMES:
        raise StackError(
            f"{name!r} is no instance name: use 1 to 40 of a-z, 0-9, - and _"
            f" (not {', '.join(sorted(RESERVED_NAMES))})"
        )


def load(name: str) -> Instance | None:
    """The remembered instance, or None if it was never made (or was reset)."""
    try:
        return Instance(**json.loads((folder_of(name) / "instance.json").read_text()))
    except FileNotFoundError:
        return None


def load_or_create(name: str, *, brokers: int | None, mongodb_members: int | None) -> Instance:
    """The instance with these numbers of servers; None means whatever it has, else 1.

    Raises StackError when it has data of another number: that cannot be changed in place.
    """
    with locked("instances"):
        instance = load(name)
        if instance is None:
            return _create(name, brokers or 1, mongodb_members or 1)
        wanted = (brokers or instance.brokers, mongodb_members or instance.mongodb_members)
        if wanted == (instance.brokers, instance.mongodb_members):
            return instance
        if (instance.folder / "data").exists():
            raise StackError(
                f"instance {name} has {instance.brokers} Kafka broker(s) and"
                f" {instance.mongodb_members} MongoDB member(s), asked for: {wanted[0]} and"
                f" {wanted[1]}. To change that, delete its data first:"
                f" python -m devstack reset --name {name}"
            )
        return _create(name, *wanted)


def delete(name: str) -> None:
    """Deletes the folder (data, logs, remembered ports) and the lock, which the caller holds."""
    shutil.rmtree(folder_of(name), ignore_errors=True)
    _lock_file(name).unlink()


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Holds the lock `.devstack/<name>.lock` against other processes; waits for it."""
    ROOT.mkdir(exist_ok=True)
    while True:
        with _lock_file(name).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_still_there(lock):
                yield
                return


def _lock_file(name: str) -> Path:
    return ROOT / f"{name}.lock"


def _is_still_there(lock: TextIO) -> bool:
    """False if the one that had the lock before deleted the file."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), os.stat(lock.name))
    except FileNotFoundError:
        return False


def _create(name: str, brokers: int, mongodb_members: int) -> Instance:
    mongodb_names = _mongodb_names(mongodb_members)
    kafka_names = [f"kafka-{number}" for number in range(1, brokers + 1)]
    listeners = [*kafka_names, *(f"{kafka}-controller" for kafka in kafka_names)]
    instance = Instance(
        name=name,
        brokers=brokers,
        mongodb_members=mongodb_members,
        cluster_id=_new_cluster_id(),
        ports=_choose_ports(name, [*listeners, *mongodb_names, "redis"]),
    )
    instance.folder.mkdir(parents=True, exist_ok=True)
    path = instance.folder / "instance.json"
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(instance), indent=1))
    draft.replace(path)
    return instance


def _choose_ports(name: str, listeners: list[str]) -> dict[str, int]:
    fixed = DEFAULT_PORTS if name == DEFAULT_NAME else {}
    taken = _remembered_ports()
    ports: dict[str, int] = {}
    for listener in listeners:
        ports[listener] = fixed.get(listener) or free_port(taken)
        taken.add(ports[listener])
    return ports


def _remembered_ports() -> set[int]:
    instances = [load(path.parent.name) for path in ROOT.glob("*/instance.json")]
    return {port for instance in instances if instance for port in instance.ports.values()}


def _mongodb_names(members: int) -> list[str]:
    if members == 1:
        return ["mongodb"]
    return [f"mongodb-{number}" for number in range(1, members + 1)]


def _new_cluster_id() -> str:
    """A UUID in Kafka's text form. Its tools take one that begins with a hyphen for an option;
    Kafka's own generator leaves these out too (org.apache.kafka.common.Uuid.randomUuid).
    """
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text
