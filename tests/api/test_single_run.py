"""A second run of a command while the first works."""

import os
import signal
import subprocess
import sys

import pytest

from chat_project.identifiers import new_id
from chat_project.settings.environment import BASE_DIR
from chat_project.single_run import AlreadyRunning, only_run

HOLDER = """
import django, sys
django.setup()
from chat_project.single_run import only_run
with only_run(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_told_who_works() -> None:
    name = new_id()

    with (
        only_run(name),
        pytest.raises(AlreadyRunning, match=f"is running already .pid {os.getpid()}"),
        only_run(name),
    ):
        pass
    with only_run(name):
        pass


def test_a_killed_run_leaves_no_lock() -> None:
    name = new_id()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, name],
        cwd=BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning, match=str(holder.pid)), only_run(name):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()

    with only_run(name):
        pass
