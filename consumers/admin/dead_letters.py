"""The pages of dead letters: a list, one with its record, retry and discard with a question before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

import msgspec
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from typing_extensions import override

from chat_project.settings.environment import environment
from consumers.admin.finding import find_letters
from consumers.errors import Reason, RetryLater, StopConsuming
from consumers.letters.desk import Desk
from consumers.letters.display import Shown, hex_lines
from consumers.letters.retrying import Outcome
from consumers.letters.selection import Letter, Selection, State, in_log_order, newest
from consumers.models import DeadLetter
from staff.changes import Change, audited
from staff.filters import ChoiceFilter, SchoolFilter, chosen
from staff.found import Found
from staff.options import GivenModelAdmin
from staff.scope import scope_of
from staff.times import shown

SHOWN_CHARACTERS = 20_000
"""Of a record: the rest is told by `dead_letters show`."""
SHOWN_BYTES = 4_096
EVERY_STATE = "all"
_BEFORE_A_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class School(SchoolFilter):
    source = "dead_letters"


class ReasonFilter(ChoiceFilter):
    title = "reason"
    parameter_name = "reason__exact"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.value, each.value.replace("_", " ")) for each in Reason]


class StateFilter(ChoiceFilter):
    """Open ones, if nothing is chosen: the others are done."""

    title = "state"
    parameter_name = "state"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        closed = [(each.value, each.value) for each in State if each is not State.OPEN]
        return [*closed, (EVERY_STATE, "all")]

    @override
    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        return iter([{**first, "display": "open"}, *others])


@admin.register(DeadLetter)
class DeadLetterAdmin(GivenModelAdmin):
    list_display = (
        *("id", "when", "event", "reason_badge", "state", "tenant_id", "sender_id"),
        "conversation_id",
    )
    list_filter = (School, ReasonFilter, StateFilter)
    search_fields = ("id",)
    search_help_text = "The whole id of a dead letter, a message or a conversation"
    actions = ("retry", "discard")
    fields = ("id",)
    readonly_fields = fields

    @override
    def find(self, request: HttpRequest, changelist: Any) -> Found:
        state = chosen(changelist, StateFilter)
        reason = chosen(changelist, ReasonFilter)
        return find_letters(
            scope_of(request).narrowed(chosen(changelist, School)),
            reason=reason if reason in list(Reason) else None,
            state=_state(state),
            term=changelist.query,
            page=changelist.page_num,
            size=changelist.list_per_page,
        )

    @override
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The letter with its record. Kafka away: without the record, and it says so."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj):
            raise Http404("There is no such dead letter.")
        if request.method == "POST":  # there is no form; actions go to the list
            return HttpResponse(status=405)
        [letter] = newest(Selection(ids=(obj.pk,)), 1)
        read, trouble = _with_record(letter)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Dead letter {letter.id}",
            "opts": self.opts,
            "letter": letter,
            "facts": _facts(letter, read),
            "record": _record_text(read),
            "trouble": trouble,
            "actions": self.has_change_permission(request, obj)
            and [("retry", "Retry"), ("discard", "Discard")],
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "consumers/dead_letter.html", context)

    @admin.action(description="Retry: send it through again", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        letters = self._letters(queryset)
        if not letters or "confirmed" not in request.POST:
            return self._ask(request, "retry", letters)
        by = request.user.get_username()
        with self._told(request), closing(Desk(environment())) as desk:
            outcomes: list[Outcome] = []
            try:
                for each in letters:
                    outcomes += _retried(desk, each, by)
            finally:  # what was done is told, also when a server went away in the middle
                self._tell(request, outcomes, len(letters))
        return None

    def _tell(self, request: HttpRequest, outcomes: Sequence[Outcome], of: int) -> None:
        if outcomes:
            done = sum(outcome.fate.is_done for outcome in outcomes)
            self.message_user(request, f"Retried: {done} of {of}", messages.SUCCESS)
        for outcome in outcomes:
            if not outcome.fate.is_done:
                told = f"{outcome.id}: not retried ({outcome.fate.value})"
                self.message_user(request, told, messages.WARNING)

    @admin.action(description="Discard: nobody needs it", permissions=["change"])
    def discard(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        letters = self._letters(queryset)
        why = request.POST.get("why", "").strip()
        if not (letters and why and "confirmed" in request.POST):
            return self._ask(request, "discard", letters)
        with self._told(request), closing(Desk(environment())) as desk:
            by = request.user.get_username()
            done = desk.discard(letters, why=why, by=by, on_progress=lambda _count: None)
            self.message_user(request, f"Discarded: {done} of {len(letters)}", messages.SUCCESS)
        return None

    def _letters(self, queryset: Any) -> list[Letter]:
        """Of the ticked ones those that the scope covers, as their records followed each other."""
        keys = tuple(queryset.values_list("pk", flat=True)[: self.list_per_page])
        return in_log_order(Selection(ids=keys)) if keys else []

    def _ask(self, request: HttpRequest, action: str, letters: Sequence[Letter]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{action.capitalize()} {len(letters)} dead letters?",
            "opts": self.opts,
            "action": action,
            "letters": letters,
            "checkbox": ACTION_CHECKBOX_NAME,
            "is_asked_why": action == "discard",
        }
        return TemplateResponse(request, "consumers/confirm_letters.html", context)

    @contextmanager
    def _told(self, request: HttpRequest) -> Iterator[None]:
        try:
            yield
        except (RetryLater, StopConsuming) as error:
            self.message_user(request, f"Not done, or not to the end: {error}", messages.ERROR)

    @admin.display(description="when")
    def when(self, letter: DeadLetter) -> str:
        return shown(letter.at)

    @admin.display(description="event")
    def event(self, letter: DeadLetter) -> str:
        """`MessageSentEvent` is "message sent"."""
        name = (letter.event_type or "-").removesuffix("Event")
        return _BEFORE_A_CAPITAL.sub(" ", name).lower()

    @admin.display(description="reason")
    def reason_badge(self, letter: DeadLetter) -> str:
        return format_html('<span class="badge bad">{}</span>', letter.reason.replace("_", " "))

    @admin.display(description="state")
    def state(self, letter: DeadLetter) -> str:
        return letter.closed_how or State.OPEN.value


def _retried(desk: Desk, letter: Letter, by: str) -> list[Outcome]:
    told = Change(
        by=by,
        action="retry dead letter",
        target=letter.id,
        tenant_id=letter.tenant_id,
        before={"state": letter.state.value, "reason": letter.reason},
    )
    with audited(told):
        return list(desk.retry([letter], by=by))


def _state(given: str | None) -> State | None:
    if given == EVERY_STATE:
        return None
    return State(given) if given in list(State) else State.OPEN


def _with_record(letter: Letter) -> tuple[Shown | None, str]:
    try:
        with closing(Desk(environment())) as desk:
            return desk.show(letter), ""
    except RetryLater as error:
        return None, f"The record cannot be read at the moment: {error}"


def _facts(letter: Letter, record: Shown | None) -> list[tuple[str, object]]:
    """What is known, but for the record; without what is not."""
    fields = msgspec.to_builtins(letter, builtin_types=(datetime,))
    told = [(name, _told(value)) for name, value in fields.items() if value is not None]
    stored = () if record is None else (("message is stored", "yes" if record.is_stored else "no"),)
    return [("state", letter.state.value), *told, *stored]


def _told(value: object) -> object:
    return shown(value) if isinstance(value, datetime) else value


def _record_text(read: Shown | None) -> str | None:
    """Plain text that the template escapes: what is no text is told in hexadecimal."""
    if read is None or read.record is None:
        return None
    record = read.record
    lines = [f"{record['topic']} [{record['partition']}] offset {record['offset']}"]
    lines += [f"{name}: {text}" for name, text in record["headers"]]
    lines += [f"key: {record['key']}", ""]
    if "valueJson" in record:
        lines.append(json.dumps(record["valueJson"], indent=2, ensure_ascii=False))
    else:
        value = bytes.fromhex(record["valueHex"] or "")
        lines += hex_lines(value[:SHOWN_BYTES])
    text = "\n".join(lines)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}\n…"
