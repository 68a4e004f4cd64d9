"""What a command does before its own work."""

from tests.processes import manage, running

START = """
import subprocess
import sys

def refuse(*arguments, **options):
    raise AssertionError(f"a process was started: {arguments}")

subprocess.Popen.__init__ = refuse
sys.argv = ["manage.py", "check"]
exec(open("manage.py").read())
"""


def test_no_other_program_is_started() -> None:
    """Looking for GDAL would start 108 of them (chat_project/gdal.py)."""
    python, *_ = manage("check")
    with running([python, "-c", START], {}) as process:
        assert process.wait(60) == 0, process.output()
        assert "no issues" in process.output()
