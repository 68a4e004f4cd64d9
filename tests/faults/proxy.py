"""A TCP proxy before MongoDB that cuts connections after a write ran and before its reply."""

import contextlib
import socket
import threading
from collections.abc import Callable

from devstack.ports import HOST

WRITES = (b"\x02insert\x00", b"\x02update\x00")
"""The first element of the command's document in an OP_MSG: a string of that name."""


class CuttingProxy:
    """Forwards to a port of this machine; the replies of the next `to_cut` writes never arrive."""

    def __init__(self, target_port: int) -> None:
        self.to_cut = 0
        self.cut = 0
        self._target = (HOST, target_port)
        self._lock = threading.Lock()
        self._listener = socket.create_server((HOST, 0))
        self._sockets: list[socket.socket] = []
        self._start(self._accept)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._sockets:
            _end(each)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                doomed = threading.Event()
                self._start(self._requests, client, server, doomed)
                self._start(self._replies, client, server, doomed)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def _requests(
        self, client: socket.socket, server: socket.socket, doomed: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                if any(write in data for write in WRITES) and self._take_one():
                    doomed.set()
                server.sendall(data)
        _end(server)

    def _replies(
        self, client: socket.socket, server: socket.socket, doomed: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                if doomed.is_set():
                    self.cut += 1
                    break
                client.sendall(data)
        _end(client)
        _end(server)

    def _take_one(self) -> bool:
        with self._lock:
            taken = self.to_cut > 0
            self.to_cut -= taken
            return taken


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
