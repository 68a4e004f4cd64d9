import os
import socket
from collections.abc import Iterator

import pytest

from devstack import StackError, ports


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as socket_:
        socket_.bind((ports.HOST, 0))
        socket_.listen()
        yield socket_


def test_a_remembered_port_is_not_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "OWN_RANGE", range(15_000, 15_003))
    free = [port for port in ports.OWN_RANGE if ports.is_free(port)]

    with pytest.raises(StackError, match="no free port between 15000 and 15003"):
        ports.free_port(free)


def test_a_port_that_somebody_listens_on_is_not_free(listener: socket.socket) -> None:
    port = listener.getsockname()[1]

    assert not ports.is_free(port)
    assert ports.answers(port)
    assert f"(pid {os.getpid()})" in ports.owner(port)


def test_a_port_that_was_given_back_is_free(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()

    assert ports.is_free(port)
    assert not ports.answers(port)
    assert ports.owner(port) == "another process"
