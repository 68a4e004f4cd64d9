"""Participants, as rows of their conversation and as pages of their own for large ones."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from typing_extensions import override

from chat_project.identifiers import canonical_id
from conversations import policies, services
from conversations.admin.refusals import RefusalsAsMessages
from conversations.models import Participant
from conversations.selectors import memberships
from conversations.values import ConversationType, Person, Role

SHOWN = ("user_id", "user_name", "role", "joined_at", "joined_seq", "read_seq", "read_at")
ONLY_SHOWN = ("joined_at", "joined_seq", "read_seq", "read_at")
ALREADY_IN = "is a participant already: change the role where they are listed"


class ParticipantForm(ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Of who is in it already only the role can be changed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not self.instance._state.adding:
            for name in self.fields.keys() & {"conversation", "user_id", "user_name"}:
                self.fields[name].disabled = True

    @override
    def clean(self) -> dict[str, Any] | None:
        """Refuses to add somebody twice, which the service would pass over in silence."""
        cleaned = super().clean() or self.cleaned_data
        conversation, user_id = cleaned.get("conversation"), cleaned.get("user_id")
        if not (self.instance._state.adding and conversation and user_id):
            return cleaned
        if memberships([(conversation.pk, canonical_id(user_id))]):
            self.add_error("user_id", f"{user_id} {ALREADY_IN}")
        return cleaned


class ParticipantFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # as above
    """Refuses one newcomer in two rows of a page."""

    @override
    def clean(self) -> None:
        super().clean()
        seen: set[str] = set()
        for form in self.extra_forms:
            user_id = canonical_id(form.cleaned_data.get("user_id", ""))
            if user_id in seen:
                form.add_error("user_id", f"{user_id} stands in two new rows")
            seen |= {user_id} - {""}


class ParticipantInline(admin.TabularInline):  # type: ignore[type-arg]  # as above
    model = Participant
    form = ParticipantForm
    formset = ParticipantFormSet
    fields = SHOWN
    readonly_fields = ONLY_SHOWN
    extra = 0

    @override
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _changes_participants(obj) and super().has_add_permission(request, obj)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _changes_participants(obj) and super().has_change_permission(request, obj)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _changes_participants(obj) and super().has_delete_permission(request, obj)


@admin.register(Participant)
class ParticipantAdmin(RefusalsAsMessages):
    form = ParticipantForm
    list_display = ("user_name", "user_id", "role", "conversation_id", "joined_at", "read_seq")
    list_filter = ("role",)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("user_name",)
    search_help_text = "Id or name of a user"
    fields = ("conversation", *SHOWN)
    readonly_fields = ONLY_SHOWN
    autocomplete_fields = ("conversation",)

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(Q(user_id=term) | Q(user_name__icontains=term)), False

    @override
    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: ModelForm[Any],
        change: bool,
    ) -> None:
        if change:
            services.change_role(obj.conversation_id, obj.user_id, Role(obj.role))
            return
        _add(obj.conversation_id, obj)
        added = Participant.objects.get(conversation_id=obj.conversation_id, user_id=obj.user_id)
        obj.pk = added.pk

    @override
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        services.remove_participant(obj.conversation_id, obj.user_id)

    @override
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for participant in queryset:
            self.delete_model(request, participant)


def save_participants(
    conversation_id: str, formset: BaseInlineFormSet[Any, Any, ModelForm[Any]]
) -> None:
    """New Admins first, so that the old one can go in the same form."""
    formset.save(commit=False)
    changed = [participant for participant, _fields in formset.changed_objects]
    for participant in formset.new_objects:
        _add(conversation_id, participant)
    for participant in sorted(changed, key=lambda one: one.role != Role.ADMIN):
        services.change_role(conversation_id, participant.user_id, Role(participant.role))
    for participant in formset.deleted_objects:
        services.remove_participant(conversation_id, participant.user_id)


def _add(conversation_id: str, participant: Participant) -> None:
    person = Person(participant.user_id, participant.user_name)
    services.add_participants(conversation_id, [person], Role(participant.role))


def _changes_participants(conversation: Any) -> bool:
    return conversation is None or not policies.may_change_participants(
        ConversationType(conversation.type)
    )
