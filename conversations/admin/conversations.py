"""The pages of conversations.

Nobody creates or deletes one here: each type has founding rules of its own, which one form for all
would only get wrong, and what is over is archived.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from typing_extensions import override

from chat_project.timestamps import format_timestamp
from conversations import policies, services
from conversations.admin.participants import ParticipantInline, save_participants
from conversations.admin.refusals import RefusalsAsMessages
from conversations.models import Conversation, Participant
from conversations.values import ConversationType

SHOWN_INLINE = 200
"""More participants than this are behind a link: each is a row of the form."""
FOUND_BY_PARTICIPANT = 1_000
"""A search looks at the conversations of at most so many matching participants."""


@admin.register(Conversation)
class ConversationAdmin(RefusalsAsMessages):
    list_display = ("name", "type", "tenant_id", "is_active", "last_seq", "last_message_at")
    list_filter = ("type", "is_active", ("tenant_id", admin.AllValuesFieldListFilter))
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("name",)
    search_help_text = "Name or id of the conversation, id or name of a participant"
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

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

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
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Two queries instead of a join over all participants."""
        term = search_term.strip()
        if not term:
            return queryset, False
        people = Participant.objects.filter(Q(user_id=term) | Q(user_name__icontains=term))
        theirs = people.values_list("conversation_id", flat=True)[:FOUND_BY_PARTICIPANT]
        return queryset.filter(
            Q(name__icontains=term) | Q(id=term.lower()) | Q(id__in=list(theirs))
        ), False

    @override
    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: ModelForm[Any],
        change: bool,
    ) -> None:
        if "name" in form.changed_data:
            services.rename(obj.pk, obj.name)

    @override
    def save_formset(
        self,
        request: HttpRequest,
        form: Any,
        formset: Any,
        change: bool,
    ) -> None:
        save_participants(form.instance.pk, formset)

    @admin.action(description="Archive: nobody can write any more", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        for conversation_id in queryset.values_list("pk", flat=True):
            services.archive(conversation_id)
        self.message_user(request, "Archived", messages.SUCCESS)

    @admin.action(description="Restore from the archive", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        for conversation_id in queryset.values_list("pk", flat=True):
            services.unarchive(conversation_id)
        self.message_user(request, "Restored", messages.SUCCESS)

    @admin.display(description="last message at")
    def last_message_at(self, conversation: Conversation) -> str:
        message = conversation.last_message
        return format_timestamp(message["sentAt"]) if message else "-"

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
