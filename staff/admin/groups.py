"""Groups of rights that are not those of a role."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from typing_extensions import override

from staff.changes import Change, audited
from staff.history import AuditedModelAdmin
from staff.scope import scope_of

admin.site.unregister(Group)


@admin.register(Group)
class SchoolGroupAdmin(AuditedModelAdmin, GroupAdmin):
    """What groups may is the service's business, not a school's."""

    @override
    def target_of(self, obj: Any) -> str:
        name: str = obj.name
        return name

    @override
    def has_module_permission(self, request: HttpRequest) -> bool:
        return scope_of(request).is_all

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return scope_of(request).is_all

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return scope_of(request).is_all

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return scope_of(request).is_all

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return scope_of(request).is_all

    @override
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        action = "change group" if change else "add group"
        permissions = sorted(str(each) for each in form.cleaned_data.get("permissions", ()))
        told = Change(
            by=request.user.get_username(),
            action=action,
            target=obj.name,
            tenant_id=None,
            after={"permissions": permissions},
        )
        with audited(told):
            super().save_model(request, obj, form, change)

    @override
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        told = Change(
            by=request.user.get_username(), action="delete group", target=obj.name, tenant_id=None
        )
        with audited(told):
            super().delete_model(request, obj)

    @override
    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for group in queryset:
            self.delete_model(request, group)
