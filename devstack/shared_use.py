"""Several test runs on one instance at the same time: the last one out stops it."""

import fcntl

from devstack.instance import ROOT
from devstack.stack import Stack

STARTED_BY_A_TEST_RUN = "started by a test run"


class SharedUse:
    """Holds a started instance in use. Users share a lock; who can have it alone is the last.

    An instance that somebody had started before is left running.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        ROOT.mkdir(exist_ok=True)
        self._users = (ROOT / f"{stack.name}.users").open("a+")
        fcntl.flock(self._users, fcntl.LOCK_SH)
        if not stack.is_running:
            self._note(STARTED_BY_A_TEST_RUN)
        stack.up()

    def end(self) -> None:
        """Gives the instance back, and stops it if this was its last user."""
        with self._users:
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self._users.seek(0)
            if self._users.read() == STARTED_BY_A_TEST_RUN:
                self.stack.down()
                self._note("")

    def _note(self, text: str) -> None:
        self._users.truncate(0)
        self._users.write(text)
        self._users.flush()
