"""What the list of conversations can be narrowed by."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from typing_extensions import override

from conversations.admin.finding import Activity
from conversations.values import ConversationType, Role
from staff.filters import ChoiceFilter, SchoolFilter
from staff.scope import scope_of

ACTIVITY_NAMES = {
    Activity.DAY: "Written in the last 24 hours",
    Activity.WEEK: "Written in the last 7 days",
    Activity.MONTH: "Written in the last 30 days",
    Activity.LONGER: "Nothing written for 30 days",
    Activity.NEVER: "No message yet",
}


class School(SchoolFilter):
    source = "conversations"

    @override
    def choices(self, changelist: Any) -> Iterator[Any]:
        """ "All" lets the last activity go, too, which is of one school."""
        first, *others = super().choices(changelist)
        without = [self.parameter_name, LastActivity.parameter_name]
        return iter(
            [{**first, "query_string": changelist.get_query_string(remove=without)}, *others]
        )


class Type(ChoiceFilter):
    title = "type"
    parameter_name = "type__exact"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.value, each.value) for each in ConversationType]


class State(ChoiceFilter):
    title = "state"
    parameter_name = "is_active__exact"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Active"), ("0", "Archived")]


class LastActivity(ChoiceFilter):
    """Of one school: over all of them there is no index of it (decision 0022)."""

    title = "last activity"
    parameter_name = "activity"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Without a school only where the address has it already: so it can be taken out."""
        scope = scope_of(request).narrowed(request.GET.get(School.parameter_name))
        if scope.tenant_id is None and self.parameter_name not in request.GET:
            return []
        return [(each.value, name) for each, name in ACTIVITY_NAMES.items()]


class ParticipantRole(ChoiceFilter):
    title = "role"
    parameter_name = "role__exact"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.value, each.value) for each in Role]


class OfConversation(ChoiceFilter):
    """Set by the link of a conversation to its participants."""

    title = "conversation"
    parameter_name = "conversation__id__exact"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        given = request.GET.get(self.parameter_name)
        return [(given, "The one you came from")] if given else []
