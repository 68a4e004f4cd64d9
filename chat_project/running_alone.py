"""One run at a time, on whichever host: a lease in MongoDB (decision 0024)."""

import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pymongo
from django.core.management.base import CommandError
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from chat_project.mongodb import Document, collection, described

logger = logging.getLogger(__name__)

LEASE_SECONDS = 30.0
"""How long a run that was killed keeps others out, and one that MongoDB does not hear works on."""

LAST_TRY_SECONDS = 1.0
"""For asking whether a lease that was over is still one's own."""


class RunsAlready(CommandError):
    """Another run has the lease; nothing is broken, try again later (exit 75)."""

    def __init__(self, text: str) -> None:
        super().__init__(text, returncode=os.EX_TEMPFAIL)


@contextmanager
def running_alone(
    name: str, *, place: str | None = None, lease_seconds: float = LEASE_SECONDS
) -> Iterator["Lease"]:
    """Holds the lease of that name in the product's database during the block, and gives it.

    Runs of several names that share a `place` keep each other away, too. A thread prolongs the
    lease. Whoever was paused until another run took it over, or cannot prolong it in time, ends at
    once with exit 75 and as little ado as a kill -9; so the block must bear being killed. Raises
    RunsAlready while another run works, and pymongo's errors.
    """
    lease = Lease(name, lease_seconds, place=place)
    lease.take()
    threading.Thread(target=lease.keep, name=f"lease of {name}", daemon=True).start()
    try:
        yield lease
    finally:
        lease.give_back()


class Lease:
    """MongoDB's clock says when it ends, so the hosts' clocks need not agree."""

    def __init__(self, name: str, seconds: float, *, place: str | None = None) -> None:
        self._name = name
        self._place = place or name
        self._seconds = seconds
        self._holder = uuid4().hex
        self._leases = collection("leases")
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._good_until = 0.0
        """Of the monotonic clock, which runs on while the process is stopped."""

    def take(self) -> None:
        """Raises RunsAlready while another holder's lease lasts."""
        asked_at = time.monotonic()
        found = self._leases.find_one_and_update(
            {"_id": self._place},
            [{"$replaceWith": {"$cond": [_IS_OVER, self._entry(), "$$ROOT"]}}],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert found is not None  # noqa: S101  # an upsert gives the document
        if found["holder"] != self._holder:
            name = found.get("name", self._place)  # a run of an older release notes none
            raise RunsAlready(
                f"{name} runs already, since {found['since']:%Y-%m-%d %H:%M:%S} UTC on"
                f" {found['host']} (process {found['pid']}); nothing was done. If that run was"
                f" killed, the next can begin {self._seconds:.0f} s after."
            )
        self._good_until = asked_at + self._seconds

    def check(self) -> None:
        """Before a step that no other run must see half done: raises RunsAlready if one may work by
        now. Asks MongoDB only after a pause that outlasted the lease."""
        with self._lock:
            if time.monotonic() >= self._good_until:
                self._prolong()

    def keep(self) -> None:
        """Prolongs the lease until it is given back; ends the process when it is lost."""
        pause_seconds = self._seconds / 3
        while not self._ended.wait(pause_seconds):
            try:
                with pymongo.timeout(max(self._good_until - time.monotonic(), LAST_TRY_SECONDS)):
                    self._prolong_unless_ended()
                pause_seconds = self._seconds / 3
            except RunsAlready as error:
                _end_process(str(error))
            except PyMongoError as error:
                if time.monotonic() >= self._good_until:
                    _end_process(f"{self._name} lost its place: {described(error)}")
                logger.warning("The lease of %s is not prolonged: %s", self._name, described(error))
                pause_seconds = self._seconds / 30

    def give_back(self) -> None:
        with self._lock:
            self._ended.set()
            try:
                self._leases.delete_one({"_id": self._place, "holder": self._holder})
            except PyMongoError as error:  # it ends by itself
                logger.warning(
                    "The lease of %s is not given back: %s", self._name, described(error)
                )

    def _prolong_unless_ended(self) -> None:
        with self._lock:
            if not self._ended.is_set():
                self._prolong()

    def _prolong(self) -> None:
        """Also one that was over, if nobody has taken it meanwhile."""
        asked_at = time.monotonic()
        mine: Document = {"_id": self._place, "holder": self._holder}
        prolonged = self._leases.update_one(mine, [{"$set": {"until": self._end()}}])
        if not prolonged.matched_count:
            raise RunsAlready(
                f"{self._name} was paused for longer than its lease of {self._seconds:.0f} s, and"
                " another run has taken its place; that one goes on"
            )
        self._good_until = asked_at + self._seconds

    def _entry(self) -> Document:
        return {
            "_id": "$_id",
            "name": {"$literal": self._name},
            "holder": self._holder,
            "host": {"$literal": socket.gethostname()},
            "pid": os.getpid(),
            "since": "$$NOW",
            "until": self._end(),
        }

    def _end(self) -> dict[str, Any]:
        return {"$add": ["$$NOW", round(self._seconds * 1_000)]}


_IS_OVER = {"$lte": [{"$ifNull": ["$until", datetime.fromtimestamp(0, UTC)]}, "$$NOW"]}


def _end_process(why: str) -> None:
    """From a thread: nothing that the main one still does may reach a server."""
    logger.critical("Stopped: %s", why)
    sys.stderr.write(f"CommandError: {why}\n")
    sys.stderr.flush()
    os._exit(os.EX_TEMPFAIL)
