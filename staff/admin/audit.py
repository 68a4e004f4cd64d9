"""The audit log, to read: nobody changes or deletes an entry, not even a superuser."""

from typing import Any

import msgspec
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from typing_extensions import override

from chat_project.mongodb import Document, majority_collection
from staff.filters import SchoolFilter, chosen
from staff.found import Found, Reading, read
from staff.models import AuditEntry
from staff.options import GivenModelAdmin
from staff.scope import Scope, scope_of
from staff.times import shown

NEWEST_FIRST = [("at", -1)]
SHOWN_CHARACTERS = 100_000
NOTHING_NOTED = "No change of this is noted, and none by a user of this name."


class School(SchoolFilter):
    source = "audit_log"


@admin.register(AuditEntry)
class AuditEntryAdmin(GivenModelAdmin):
    list_display = ("when", "by", "action", "target", "tenant_id")
    list_filter = (School,)
    search_fields = ("target",)
    search_help_text = "Who did it (the whole user name), or the whole id of what was changed"
    fields = ("when", "by", "action", "target", "tenant_id", "before_and_after")
    readonly_fields = fields

    @override
    def target_of(self, obj: Any) -> str:
        """The history of an entry: what else was done to the same thing."""
        target: str = obj.target
        return target

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @override
    def find(self, request: HttpRequest, changelist: Any) -> Found:
        scope = scope_of(request).narrowed(chosen(changelist, School))
        if scope.is_nothing:
            return Found()
        term = changelist.query.strip()
        page, size = changelist.page_num, changelist.list_per_page
        if not term:
            return read("audit_log", reading_of(scope), page=page, size=size)
        by_target = read("audit_log", searched(scope, "target", term), page=page, size=size)
        if by_target.total:
            return by_target
        found = read("audit_log", searched(scope, "by", term), page=page, size=size)
        return found if found.total else Found(note=NOTHING_NOTED)

    @admin.display(description="when")
    def when(self, entry: AuditEntry) -> str:
        return shown(entry.at)

    @admin.display(description="details")
    def before_and_after(self, entry: AuditEntry) -> str:
        """As JSON, so that nothing in it is taken for a part of the page."""
        found = majority_collection("audit_log").find_one({"_id": entry.pk}, {"details": 1}) or {}
        encoded = msgspec.json.encode(found.get("details"), enc_hook=str)
        text = msgspec.json.format(encoded, indent=2).decode()
        return format_html('<pre class="bytes">{}</pre>', text[:SHOWN_CHARACTERS])


def reading_of(scope: Scope) -> Reading:
    query = scope.query()
    return Reading(query, "tenant_time" if query else "time", NEWEST_FIRST)


def searched(scope: Scope, field: str, term: str) -> Reading:
    """`field`: target or by."""
    query: Document = {field: term, **scope.query()}
    return Reading(query, f"{field}_time", NEWEST_FIRST)
