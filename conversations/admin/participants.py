"""Participants, as rows of their conversation and as pages of their own for large ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from typing_extensions import override

from chat_project.identifiers import canonical_id
from conversations import policies, services
from conversations.admin import filters
from conversations.admin.names import checked_name
from conversations.admin.people import find_people
from conversations.admin.searching import people_found
from conversations.models import Conversation, Participant
from conversations.selectors import memberships
from conversations.values import ConversationType, Person, Role
from staff.changes import Change, audited
from staff.filters import chosen
from staff.found import Found
from staff.options import StaffModelAdmin
from staff.scope import scope_of

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

    def clean_user_name(self) -> str:
        name: str = self.cleaned_data["user_name"]
        return checked_name(name) if self.instance._state.adding else name

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
class ParticipantAdmin(StaffModelAdmin):
    form = ParticipantForm
    list_display = ("user_name", "user_id", "role", "conversation_name", "joined_at", "read_seq")
    list_filter = (filters.OfConversation, filters.ParticipantRole)
    search_fields = ("user_name",)
    search_help_text = "Id or words of the name of a user"
    fields = ("conversation", *SHOWN)
    readonly_fields = ONLY_SHOWN
    autocomplete_fields = ("conversation",)

    @override
    def target_of(self, obj: Any) -> str:
        """They are changes of the conversation."""
        conversation_id: str = obj.conversation_id
        return conversation_id

    @override
    def find(self, request: HttpRequest, changelist: Any) -> Found:
        return find_people(
            scope_of(request),
            conversation_id=chosen(changelist, filters.OfConversation),
            role=chosen(changelist, filters.ParticipantRole),
            term=changelist.query,
            page=changelist.page_num,
            size=changelist.list_per_page,
        )

    @override
    def prepare(self, request: HttpRequest, objects: Sequence[Any]) -> None:
        """Not by a prefetch, which this backend answers by a scan of all conversations."""
        ids = {each.conversation_id for each in objects}
        conversations = Conversation.objects.order_by().in_bulk(list(ids))
        for each in objects:
            if each.conversation_id in conversations:
                each.conversation = conversations[each.conversation_id]

    @override
    def tenant_of(self, obj: Any) -> str | None:
        """The conversation's: who adds somebody has not said a school."""
        tenant_id: str | None = obj.conversation.tenant_id
        return tenant_id

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        found = people_found(scope_of(request), search_term)
        return queryset.filter(pk__in=[each["_id"] for each in found]), False

    @override
    def formfield_for_foreignkey(self, db_field: Any, request: Any, **options: Any) -> Any:
        """A form takes no conversation of another school, whatever is sent."""
        if db_field.name == "conversation":
            scope = scope_of(request)
            every = Conversation.objects.all()
            own = every if scope.is_all else every.filter(tenant_id=scope.tenant_id or "")
            options["queryset"] = own
        return super().formfield_for_foreignkey(db_field, request, **options)

    @override
    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: ModelForm[Any],
        change: bool,
    ) -> None:
        by = request.user.get_username()
        if change:
            _change_role(by, obj.conversation, obj, form.initial.get("role"))
            return
        _add(by, obj.conversation, obj)
        added = Participant.objects.get(
            conversation_id=obj.conversation_id, user_id=canonical_id(obj.user_id)
        )
        obj.pk = added.pk

    @override
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        _remove(request.user.get_username(), obj.conversation, obj)

    @override
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for participant in queryset:
            self.delete_model(request, participant)

    @admin.display(description="conversation")
    def conversation_name(self, participant: Participant) -> str:
        return participant.conversation.name


def save_participants(
    by: str, conversation: Conversation, formset: BaseInlineFormSet[Any, Any, ModelForm[Any]]
) -> None:
    """New Admins first, so that the old one can go in the same form. `by`: the user's name."""
    formset.save(commit=False)
    roles = {form.instance.pk: form.initial.get("role") for form in formset.initial_forms}
    changed = [participant for participant, _fields in formset.changed_objects]
    for participant in formset.new_objects:
        _add(by, conversation, participant)
    for participant in sorted(changed, key=lambda one: one.role != Role.ADMIN):
        _change_role(by, conversation, participant, roles.get(participant.pk))
    for participant in formset.deleted_objects:
        _remove(by, conversation, participant)


def _add(by: str, conversation: Conversation, participant: Participant) -> None:
    person = Person(participant.user_id, participant.user_name)
    with audited(_change(by, "add participant", conversation, after=_described(participant))):
        services.add_participants(conversation.pk, [person], Role(participant.role))


def _change_role(
    by: str, conversation: Conversation, participant: Participant, role_before: str | None
) -> None:
    before = {**_described(participant), "role": role_before}
    after = _described(participant)
    with audited(_change(by, "change role", conversation, before=before, after=after)):
        services.change_role(conversation.pk, participant.user_id, Role(participant.role))


def _remove(by: str, conversation: Conversation, participant: Participant) -> None:
    before = _described(participant)
    with audited(_change(by, "remove participant", conversation, before=before)):
        services.remove_participant(conversation.pk, participant.user_id)


def _change(by: str, action: str, conversation: Conversation, **what: Any) -> Change:
    return Change(
        by=by, action=action, target=conversation.pk, tenant_id=conversation.tenant_id, **what
    )


def _described(participant: Participant) -> dict[str, Any]:
    return {
        "userId": participant.user_id,
        "userName": participant.user_name,
        "role": participant.role,
    }


def _changes_participants(conversation: Any) -> bool:
    return conversation is None or not policies.may_change_participants(
        ConversationType(conversation.type)
    )
