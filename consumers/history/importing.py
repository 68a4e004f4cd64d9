"""All conversations of the replaced system, several at a time: nearly all of the time is waiting."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from itertools import islice
from threading import Event
from typing import IO

import msgspec
from django.core.files.storage import Storage

from consumers.errors import Refused
from consumers.history.bringing import Bringer
from consumers.history.files import Files
from consumers.history.notes import Kind, Notes
from consumers.history.report import Done, Outcome, Report
from consumers.history.source import Source
from consumers.history.survey import Survey, Task, survey

logger = logging.getLogger(__name__)

AT_ONCE = 4
"""Conversations; each holds a page or two of messages in memory."""


class Options(msgspec.Struct, frozen=True):
    """`tenant_id` None: all schools. `files` None: files stay where they are. `report`: None, or
    where each remark goes as a line of JSON."""

    tenant_id: str | None = None
    dry_run: bool = False
    files: Storage | None = None
    report: IO[str] | None = None


class Progress(msgspec.Struct, frozen=True):
    """Who hears of it: how many messages there are, then how many more were looked at."""

    on_total: Callable[[int], object]
    on_messages: Callable[[int], object]


def import_history(source: Source, options: Options, progress: Progress) -> Outcome:
    """Brings what is not there yet. It may be killed anywhere, and again it goes on where it was.

    Raises Refused before anything is written, and what `Bringer.bring` raises: then everything that
    was brought is whole, and the rest is brought by the next attempt.
    """
    started = time.monotonic()
    source.check()
    if not source.is_indexed():
        logger.warning(
            "The source has no index on messages that begins with ConversationId: each"
            " conversation reads them all. Create {ConversationId: 1, SentAt: 1} there."
        )
    report = Report(options.report, dry_run=options.dry_run)
    notes = Notes(report.write)
    found = survey(source, options.tenant_id, notes)
    if options.tenant_id is not None and not found.tasks:
        raise Refused(f"--tenant: the source has no conversation of {options.tenant_id}")
    progress.on_total(found.messages)
    _tell_of_unknown(source, found, notes)
    report.add_unreadable(found.unreadable, sum(count for _, count in found.unknown), notes)
    stopping = Event()
    bringer = Bringer(
        source,
        found,
        Files(options.files, dry_run=options.dry_run),
        dry_run=options.dry_run,
        on_messages=progress.on_messages,
        stopping=stopping,
    )

    def bring(task: Task) -> tuple[Done, Notes]:
        remarks = Notes(report.write, task.conversation_id)
        return bringer.bring(task, remarks), remarks

    for done, remarks in _side_by_side(bring, found.tasks, stopping):
        report.add(done, remarks)
    return report.outcome(time.monotonic() - started)


def _tell_of_unknown(source: Source, found: Survey, notes: Notes) -> None:
    """Whole, so that nothing that somebody wrote is lost without a trace."""
    for conversation_id, _ in found.unknown:
        for message in source.messages_of(conversation_id):
            text = "there is no such conversation; the message is not brought"
            notes.add(Kind.UNKNOWN_CONVERSATION, text, document=message)


def _side_by_side(
    work: Callable[[Task], tuple[Done, Notes]], tasks: Sequence[Task], stopping: Event
) -> Iterator[tuple[Done, Notes]]:
    """The results as they come. The first failure stops the others and is raised."""
    waiting = iter(tasks)
    with ThreadPoolExecutor(AT_ONCE, "history") as pool:

        def start(task: Task) -> "Future[tuple[Done, Notes]]":
            return pool.submit(copy_context().run, work, task)

        running = {start(task) for task in islice(waiting, AT_ONCE)}
        try:
            while running:
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                for each in ended:
                    yield each.result()
                running |= {start(task) for task in islice(waiting, len(ended))}
        finally:
            stopping.set()
