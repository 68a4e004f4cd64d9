"""One conversation: planned, its messages numbered and stored page by page, then shown."""

from collections.abc import Callable, Sequence
from threading import Event

from chat_project.mongodb import Document
from consumers.errors import ConsumerError
from consumers.history import claims, storing
from consumers.history.claims import Claim, Overtaken
from consumers.history.conversion import GENERATION, Converter, answered_by
from consumers.history.files import Files
from consumers.history.notes import Kind, Notes
from consumers.history.planning import Plan, conversation_document, plan_of
from consumers.history.reading import OldMessage, in_order, pages
from consumers.history.report import Done, Fate
from consumers.history.source import Source, SourceFails
from consumers.history.storing import SourceChanged
from consumers.history.survey import Survey, Task
from consumers.history.timeline import Timeline
from consumers.records import Place

NO_NUMBER = 0
"""Of a dry run, which claims none; the first one is 1."""


class Stopped(ConsumerError):
    """Another conversation failed, or somebody wants the import to end."""


class Bringer:
    """Brings one conversation after the other; several threads may share it."""

    def __init__(
        self,
        source: Source,
        found: Survey,
        files: Files,
        *,
        dry_run: bool,
        on_messages: Callable[[int], object],
        stopping: Event,
    ) -> None:
        self._source = source
        self._found = found
        self._files = files
        self._dry_run = dry_run
        self._on_messages = on_messages
        self._stopping = stopping

    def bring(self, task: Task, notes: Notes) -> Done:
        """Blocks as long as its messages take. Raises SourceFails, SourceChanged, Overtaken,
        FilesFail, StorageUnavailable, RetryLater, StopConsuming, pymongo's errors, and Stopped."""
        earlier = claims.read_claim(task.conversation_id)
        if earlier is not None and earlier.is_done:
            return self._there(task, earlier, notes)
        plan = self._plan(task, notes)
        taken = storing.taken_by(task.sources, plan.key)
        if taken is not None:
            self._on_messages(self._found.messages_of(task))
            return self._refused(plan, earlier, taken, notes)
        if self._dry_run:
            return self._bring(plan, earlier, notes)
        held = earlier or claims.claim(plan.id, plan.tenant_id)
        try:
            return self._bring(plan, held, notes)
        except SourceChanged:
            if earlier is None:
                raise
            notes.counts.clear()
            return self._bring(self._plan(task, notes), claims.claim_anew(held), notes)
        except Overtaken:
            if not _is_brought(plan):
                raise
            notes.counts.clear()
            return Done(Fate.THERE)

    def _plan(self, task: Task, notes: Notes) -> Plan:
        found = [self._source.conversation(self._found.seen[id_].source_id) for id_ in task.sources]
        return plan_of(task, found, notes)

    def _there(self, task: Task, earlier: Claim, notes: Notes) -> Done:
        now = self._found.messages_of(task)
        if now != earlier.source_messages:
            told = (
                f"{earlier.source_messages} messages when it was brought, {now} in the source now"
            )
            notes.add(Kind.CHANGED_SINCE, told)
        self._on_messages(now)
        return Done(Fate.THERE)

    def _refused(self, plan: Plan, earlier: Claim | None, taken: Document, notes: Notes) -> Done:
        """What is there stays as it is: its numbers never change, and older ones cannot come before."""
        if earlier is not None and not self._dry_run:
            held = claims.claim_anew(earlier)
            storing.clear(plan.id)
            claims.release(held)
        count = self._found.messages_of(plan.task)
        told = (
            f"this service has the conversation {taken['_id']} of the same kind already, with"
            f" {taken.get('lastSeq') or 0} messages; {count} messages are not brought"
        )
        notes.counts.clear()
        notes.add(Kind.REFUSED_CONVERSATION, told)
        return Done(Fate.REFUSED, skipped=count)

    def _bring(self, plan: Plan, held: Claim | None, notes: Notes) -> Done:
        """`held`: None in a dry run of what was never begun."""
        if held is not None and held.is_anew and not self._dry_run:
            storing.clear(plan.id, but=held.number)
        done, timeline = Done(Fate.BROUGHT), Timeline(plan)
        self._bring_messages(plan, held, timeline, done, notes)
        done.messages = timeline.last_seq
        self._check_whole(plan.task, done.messages + done.skipped)
        participants = timeline.participants(notes)
        timeline.tell_of_last_messages(notes)
        done.participants = len(participants)
        if self._dry_run or held is None:
            return done
        conversation = conversation_document(plan) | _head(timeline, held.number)
        seen = done.messages + done.skipped
        if not storing.publish(held, conversation, participants, source_messages=seen):
            return self._came_too_late(plan, held, notes)
        return done

    def _bring_messages(
        self, plan: Plan, held: Claim | None, timeline: Timeline, done: Done, notes: Notes
    ) -> None:
        def on_receipts(message: OldMessage, receipts: Sequence[Document]) -> None:
            if others := timeline.read_by(message, receipts):
                told = f"{others} receipts of who is no participant"
                notes.add(Kind.LEFT_OUT, told, message_id=message.id)

        converter = Converter(plan, held.number if held else NO_NUMBER, notes)
        found = self._source.messages(self._found.forms_of(plan.task))
        for page in pages(in_order(found, notes, on_receipts)):
            if self._stopping.is_set():
                raise Stopped("it was to end")
            forms, stored = self._forms(page, converter, timeline, done)
            if held is not None and not self._dry_run:
                claims.check(held)
                storing.store(held, forms, stored)
            self._on_messages(len(page))
        done.skipped += notes.counts[Kind.UNREADABLE_MESSAGE]

    def _forms(
        self, page: list[OldMessage], converter: Converter, timeline: Timeline, done: Done
    ) -> tuple[list[Document], dict[str, Document]]:
        """The stored forms of a page, numbered, and what there is of them already."""
        stored = storing.look_first([message.id for message in page])
        quoted = self._source.quoted(answered_by(page))
        forms: dict[str, Document] = {}
        for message in page:
            place = converter.place(timeline.last_seq + 1)
            if message.id in forms or _is_anothers(stored.get(message.id), place):
                done.skipped += 1
                told = "its id is another message's already; it is not brought"
                converter.notes.add(
                    Kind.REPEATED_MESSAGE, told, message_id=message.id, document=message.document
                )
                continue
            form = converter.stored_form(message, place.o, quoted)
            self._files.bring(form, done.files, converter.notes)
            timeline.add(message, form)
            forms[message.id] = form
        return list(forms.values()), {id_: stored[id_] for id_ in forms.keys() & stored.keys()}

    def _check_whole(self, task: Task, read: int) -> None:
        """Nothing that was counted may be missing unseen. Raises SourceFails."""
        counted = self._found.messages_of(task)
        if read < counted:
            raise SourceFails(
                f"the source: {task.conversation_id} had {counted} messages when they were counted,"
                f" and {read} when they were read"
            )

    def _came_too_late(self, plan: Plan, held: Claim, notes: Notes) -> Done:
        """Somebody founded one of its kind while this one was being stored."""
        if _is_brought(plan):
            return Done(Fate.THERE)
        taken = storing.taken_by(plan.task.sources, plan.key) or {"_id": plan.key}
        return self._refused(plan, held, taken, notes)


def _is_brought(plan: Plan) -> bool:
    found = claims.read_claim(plan.id)
    return found is not None and found.is_done


def _is_anothers(stored: Document | None, place: Place) -> bool:
    """Whether the id is taken, by anything but an earlier attempt at this message.

    A higher number of the same attempt says that the source has changed. Raises SourceChanged.
    """
    if stored is None:
        return False
    found = storing.place_of(stored)
    if found == place:
        return False
    if found is not None and found[:2] == place[:2] and found > place:
        raise SourceChanged(f"the message {stored['_id']} had a higher number before")
    return True


def _head(timeline: Timeline, number: int) -> Document:
    """What the consumer would have left behind the newest message; nothing without messages."""
    if not timeline.last_seq:
        return {}
    last = {"lastMessage": timeline.last_message} if timeline.last_message else {}
    mark = {f"p{number}": {"t": GENERATION, "o": timeline.last_seq}}
    return {"lastSeq": timeline.last_seq, "log": mark, **last}
