"""`python -m tests.api.stepping LEASE SECONDS`: holds a lease of so many seconds and steps until SIGTERM.

Each step is a document `{lease, pid, at}` in the collection `steps`, written after `check()`.
"""

import os
import signal
import sys
import threading
from contextlib import suppress

import django
from pymongo.errors import PyMongoError

from chat_project.mongodb import collection
from chat_project.running_alone import RunsAlready, running_alone
from chat_project.timestamps import now

STEP_SECONDS = 0.02


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings.django")
    django.setup()
    name, seconds = sys.argv[1:]
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    try:
        with running_alone(name, lease_seconds=float(seconds)) as lease:
            while not stopped.wait(STEP_SECONDS):
                with suppress(PyMongoError):  # as a consumer, which tries for ever
                    lease.check()
                    collection("steps").insert_one({"lease": name, "pid": os.getpid(), "at": now()})
    except RunsAlready as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.returncode)


if __name__ == "__main__":
    main()
