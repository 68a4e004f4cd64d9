"""Filters of lists that `staff.found` reads: they choose, and `find` asks them what was chosen."""

from typing import Any

import pymongo
from django.contrib import admin
from django.http import HttpRequest
from typing_extensions import override

from chat_project.mongodb import collection
from staff.scope import scope_of

SHOWN_SCHOOLS = 200
"""More are reached by `?tenant_id=`: a longer list helps nobody."""
SECONDS = 2.0


class ChoiceFilter(admin.SimpleListFilter):
    """One parameter with fixed values. The list's query is `find`'s, not the queryset's."""

    @override
    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset


class SchoolFilter(ChoiceFilter):
    """For superusers alone: others have one school, and are told of no other."""

    title = "school"
    parameter_name = "tenant_id"
    source = ""
    """The collection that knows the schools, by an index that begins with `tenantId`."""

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not scope_of(request).is_all:
            return []
        return [(each, each) for each in schools(self.source)[:SHOWN_SCHOOLS]]


def schools(source: str) -> list[str]:
    """The schools that this collection has documents of; one look at the index for each."""
    with pymongo.timeout(SECONDS):
        found = collection(source).distinct("tenantId")
    return sorted(each for each in found if isinstance(each, str))


def chosen(changelist: Any, kind: type[admin.SimpleListFilter]) -> str | None:
    """The value of this filter in a list, also of one that is not shown; None: it is not set."""
    given: list[str] = changelist.filter_params.get(kind.parameter_name, [])
    return given[-1] if given else None
