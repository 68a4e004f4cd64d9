"""One run of a command at a time on this machine: a lock that the kernel frees with its process."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from chat_project.settings.environment import environment


class AlreadyRunning(Exception):
    """Another process of this machine and user works at the same, on the same database."""


@contextmanager
def only_run(command: str) -> Iterator[None]:
    """Holds the command's lock within the block. Raises AlreadyRunning, with the other's pid.

    A killed process leaves no lock behind. It spares work and does not protect: what a command does
    must be safe beside a run on another machine.
    """
    path = _path(command)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            raise AlreadyRunning(f"{command} is running already (pid {pid})") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _path(command: str) -> Path:
    """The file stays: whoever removed it would let two in."""
    where = f"{environment().mongodb_uri}/{environment().mongodb_database}"
    digest = hashlib.sha256(where.encode()).hexdigest()[:12]
    return Path(gettempdir()) / f"emis-chat-{os.getuid()}-{digest}-{command}.lock"
