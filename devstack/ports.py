"""Which ports are free, and who has the others."""

import random
import socket
from collections.abc import Collection

import psutil

from devstack.errors import StackError

HOST = "127.0.0.1"
OWN_RANGE = range(15_000, 25_000)
"""Below the ports that Linux gives to outgoing connections (32768 and up), so that a stopped
server finds its port free again."""


def free_port(taken: Collection[int]) -> int:
    """A port of OWN_RANGE that nobody listens on and that is not in `taken`."""
    for port in random.sample(OWN_RANGE, k=len(OWN_RANGE)):  # no secret
        if port not in taken and is_free(port):
            return port
    raise StackError(f"no free port between {OWN_RANGE.start} and {OWN_RANGE.stop}")


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
        return True


def answers(port: int) -> bool:
    """Whether something accepts connections there; waits at most 0.2 s."""
    with socket.socket() as connection:
        connection.settimeout(0.2)
        return connection.connect_ex((HOST, port)) == 0


def owner(port: int) -> str:
    """`name (pid 123)` of the listener, or `another process` where the system does not tell."""
    try:
        for connection in psutil.net_connections("tcp"):
            address = connection.laddr
            if not address or address.port != port or connection.status != psutil.CONN_LISTEN:
                continue
            if connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass  # other users' processes are not visible without root
    return "another process"
