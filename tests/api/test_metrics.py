"""The port on which a process that is not the API serves its metrics."""

import socket
from contextlib import suppress

import pytest

from chat_project.metrics import start_metrics_server


def test_the_tried_ports_end_with_the_last_that_there_is() -> None:
    with socket.socket() as holder:
        with suppress(OSError):  # somebody else has it: taken all the same
            holder.bind(("", 65_535))
            holder.listen()

        with pytest.raises(OSError, match="ports 65535 to 65535 are all taken"):
            start_metrics_server(65_535)
