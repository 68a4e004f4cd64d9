"""The pages of conversations.

Nobody creates or deletes one here: each type has founding rules of its own, which one form for all
would only get wrong, and what is over is archived.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from typing_extensions import override

from chat_project.timestamps import format_timestamp, now
from conversations import policies, services
from conversations.admin import filters
from conversations.admin.finding import Activity, Asked, find
from conversations.admin.names import checked_name
from conversations.admin.participants import ParticipantInline, save_participants
from conversations.admin.searching import candidates
from conversations.models import Conversation
from conversations.reading import COUNTED_PARTICIPANTS, conversation_documents
from conversations.values import ConversationType
from staff.changes import audited
from staff.filters import chosen
from staff.found import Found
from staff.options import GivenModelAdmin
from staff.scope import Scope, scope_of
from staff.times import shown

SHOWN_INLINE = 200
"""More participants than this are behind a link: each is a row of the form."""
SUGGESTED = 20
"""Conversations that an empty autocomplete field offers: the newest."""


class ConversationForm(ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    def clean_name(self) -> str:
        """A name that was there before is left alone, whatever it is."""
        name: str = self.cleaned_data["name"]
        return checked_name(name) if "name" in self.changed_data else name


@admin.register(Conversation)
class ConversationAdmin(GivenModelAdmin):
    form = ConversationForm
    list_display = (
        *("name", "kind_and_state", "tenant_id", "people", "last_seq"),
        "last_message_short",
    )
    list_filter = (filters.School, filters.Type, filters.State, filters.LastActivity)
    search_fields = ("name",)
    search_help_text = "Words of a name; id or name of a participant; id of a student or a class"
    actions = ("archive", "restore")
    fields = (
        "name",
        ("type", "tenant_id", "is_active"),
        "id",
        ("student_id", "class_id"),
        ("created_at", "created_by", "updated_at", "version"),
        "key",
        ("last_seq", "last_message_at"),
        "last_message_text",
        "log",
        "all_participants",
    )
    OF_THE_LOG = ("key", "log", "version")
    """Fields for those who run the service."""

    @override
    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if scope_of(request).is_all:
            return list(self.fields)
        rows = [(row,) if isinstance(row, str) else row for row in self.fields]
        kept = [tuple(name for name in row if name not in self.OF_THE_LOG) for row in rows]
        return [row for row in kept if row]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        names = [name for row in self.fields for name in ((row,) if isinstance(row, str) else row)]
        renamed = obj and not policies.may_be_renamed(ConversationType(obj.type))
        return [name for name in names if name != "name" or not renamed]

    @override
    def get_inlines(self, request: HttpRequest, obj: Any) -> list[type[InlineModelAdmin[Any, Any]]]:
        few = obj and obj.participants.all()[: SHOWN_INLINE + 1].count() <= SHOWN_INLINE
        return [ParticipantInline] if few else []

    @override
    def find(self, request: HttpRequest, changelist: Any) -> Found:
        state, kind = chosen(changelist, filters.State), chosen(changelist, filters.Type)
        activity = chosen(changelist, filters.LastActivity)
        asked = Asked(
            scope=scope_of(request).narrowed(chosen(changelist, filters.School)),
            type=ConversationType(kind) if kind in list(ConversationType) else None,
            is_active={"1": True, "0": False}.get(state or ""),
            activity=Activity(activity) if activity in list(Activity) else None,
            term=changelist.query,
        )
        return find(asked, page=changelist.page_num, size=changelist.list_per_page, now=now())

    @override
    def prepare(self, request: HttpRequest, objects: Sequence[Any]) -> None:
        documents = conversation_documents([each.pk for each in objects])
        for each in objects:
            each.people_counted = documents.get(each.pk, {}).get("participantCount", 0)

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """For autocomplete and for actions on what a search found; the list itself is read by `find`."""
        scope = scope_of(request)
        if search_term.strip():
            return queryset.filter(pk__in=candidates(scope, search_term)[0]), False
        if getattr(request.resolver_match, "url_name", None) != "autocomplete":
            return queryset, False
        return queryset.filter(pk__in=_newest(scope)), False

    @override
    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: ModelForm[Any],
        change: bool,
    ) -> None:
        if "name" not in form.changed_data:
            return
        names = {"name": form.initial["name"]}, {"name": obj.name}
        told = self.change_of(request, "rename conversation", obj, before=names[0], after=names[1])
        with audited(told):
            services.rename(obj.pk, obj.name)

    @override
    def save_formset(
        self,
        request: HttpRequest,
        form: Any,
        formset: Any,
        change: bool,
    ) -> None:
        save_participants(request.user.get_username(), form.instance, formset)

    @admin.action(description="Archive: nobody can write any more", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        self._set_active(request, queryset, services.archive, is_active=False)

    @admin.action(description="Restore from the archive", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        self._set_active(request, queryset, services.unarchive, is_active=True)

    def _set_active(
        self,
        request: HttpRequest,
        queryset: QuerySet[Conversation],
        service: Callable[[str], object],
        *,
        is_active: bool,
    ) -> None:
        """Each is a change of its own; those that are so already are left alone."""
        action = "restore conversation" if is_active else "archive conversation"
        states = {"isActive": not is_active}, {"isActive": is_active}
        others = [each for each in queryset if each.is_active is not is_active]
        for each in others:
            with audited(self.change_of(request, action, each, before=states[0], after=states[1])):
                service(each.pk)
        done = "Restored" if is_active else "Archived"
        self.message_user(request, f"{done}: {len(others)}", messages.SUCCESS)

    @admin.display(description="type and state")
    def kind_and_state(self, conversation: Conversation) -> str:
        state, look = ("active", "good") if conversation.is_active else ("archived", "calm")
        return format_html(
            '<span class="badge">{}</span> <span class="badge {}">{}</span>',
            conversation.type,
            look,
            state,
        )

    @admin.display(description="people")
    def people(self, conversation: Any) -> str:
        """In a list, where they are counted for the whole page."""
        count: int = conversation.people_counted
        return f"{count} or more" if count >= COUNTED_PARTICIPANTS else str(count)

    @admin.display(description="last message at")
    def last_message_at(self, conversation: Conversation) -> str:
        message = conversation.last_message
        return shown(message["sentAt"]) if message else "-"

    @admin.display(description="last message")
    def last_message_short(self, conversation: Conversation) -> str:
        if not conversation.last_message:
            return "-"
        return format_html(
            '<time class="quiet" datetime="{}">{}</time><span class="last-text">{}</span>',
            format_timestamp(conversation.last_message["sentAt"]),
            self.last_message_at(conversation),
            self.last_message_text(conversation),
        )

    @admin.display(description="last message")
    def last_message_text(self, conversation: Conversation) -> str:
        message = conversation.last_message
        return f"{message.get('senderName')}: {message.get('content')}" if message else "-"

    @admin.display(description="participants")
    def all_participants(self, conversation: Conversation) -> str:
        url = reverse("admin:conversations_participant_changelist")
        count = conversation.participants.count()
        return format_html(
            '<a href="{}?conversation__id__exact={}">{} participants</a>',
            url,
            conversation.pk,
            count,
        )


def _newest(scope: Scope) -> list[str]:
    return list(find(Asked(scope), page=1, size=SUGGESTED, now=now()).keys)
