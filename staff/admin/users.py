"""Who works in the admin. Superusers make anybody; a school's administrators make staff of their own
school, and give nobody more than they have themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from typing_extensions import override

from chat_project.identifiers import canonical_id
from staff.changes import Change, audited
from staff.history import AuditedModelAdmin
from staff.models import StaffMember
from staff.roles import GROUP_NAMES, StaffRole, appoint, role_of
from staff.scope import scope_of, scope_of_user

ROLE_NAMES = {
    StaffRole.READER: "Reader: sees, changes nothing",
    StaffRole.STAFF: "Staff: changes conversations, retries and discards dead letters",
    StaffRole.ADMINISTRATOR: "Administrator: staff who also makes users of the school",
}
GIVEN_BY_SCHOOLS = (StaffRole.READER, StaffRole.STAFF)

OWN_FIELDS = ("username", "first_name", "last_name", "email", "is_active")


class ColleagueForm(UserChangeForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What a school's administrator may say of a colleague."""

    role = forms.ChoiceField(choices=[(each.value, ROLE_NAMES[each]) for each in GIVEN_BY_SCHOOLS])

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["role"] = role_of(self.instance)


class AnybodyForm(UserChangeForm):  # type: ignore[type-arg]  # as above
    """What a superuser may say of anybody."""

    role = forms.ChoiceField(
        required=False,
        choices=[("", "None"), *((each.value, ROLE_NAMES[each]) for each in StaffRole)],
    )
    school = forms.CharField(
        required=False, max_length=255, help_text="The tenant id. Only superusers go without one."
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["role"] = role_of(self.instance)
        self.initial["school"] = _school_of(self.instance) or ""

    @override
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(cleaned.get("role")) != bool(cleaned.get("school")):
            self.add_error("school", "A role and a school go together: give both, or neither.")
        return cleaned


admin.site.unregister(User)


@admin.register(User)
class SchoolUserAdmin(AuditedModelAdmin, UserAdmin):  # type: ignore[type-arg]  # as above
    list_display = ("username", "first_name", "last_name", "school", "is_active", "last_login")
    show_facets = admin.ShowFacets.NEVER

    @override
    def target_of(self, obj: Any) -> str:
        name: str = obj.get_username()
        return name

    @override
    def get_queryset(self, request: HttpRequest) -> Any:
        scope = scope_of(request)
        every = super().get_queryset(request)
        if scope.is_all:
            return every
        members = StaffMember.objects.filter(tenant_id=scope.tenant_id or "")
        keys = list(members.values_list("pk", flat=True))
        return every.filter(pk__in=keys, is_superuser=False)

    @override
    def get_list_filter(self, request: HttpRequest) -> Any:
        """Groups are everybody's; who knows one school needs none."""
        return super().get_list_filter(request) if scope_of(request).is_all else ("is_active",)

    @override
    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return super().get_fieldsets(request, obj)
        if scope_of(request).is_all:
            place = ("School", {"fields": ("school", "role")})
            return (*super().get_fieldsets(request, obj), place)
        return (
            (None, {"fields": ("username", "password")}),
            ("Person", {"fields": ("first_name", "last_name", "email")}),
            ("School", {"fields": ("is_active", "role")}),
        )

    @override
    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **options: Any) -> Any:
        if obj is not None:
            options["form"] = AnybodyForm if scope_of(request).is_all else ColleagueForm
        return super().get_form(request, obj, *args, **options)

    @override
    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **options: Any) -> Any:
        """The groups of roles are given by the role."""
        if db_field.name == "groups":
            options["queryset"] = Group.objects.exclude(name__in=GROUP_NAMES.values())
        return super().formfield_for_manytomany(db_field, request, **options)

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and _covers(request, obj)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not oneself, nor who may as much as oneself: only a superuser takes from them."""
        allowed = super().has_change_permission(request, obj) and _covers(request, obj)
        if obj is None or scope_of(request).is_all:
            return allowed
        return allowed and role_of(obj) in GIVEN_BY_SCHOOLS

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A user who leaves is made inactive: the audit log goes on naming them."""
        return scope_of(request).is_all and super().has_delete_permission(request, obj)

    @override
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        scope = scope_of(request)
        school, role = form.cleaned_data.get("school"), form.cleaned_data.get("role")
        if not scope.is_all:
            school, role = scope.tenant_id, role or StaffRole.STAFF
        tenant_id = canonical_id(school) if school else _school_of(obj)
        with audited(_change(request, obj, form, tenant_id, change=change)):
            super().save_model(request, obj, form, change)
            if school and role:
                appoint(obj, canonical_id(school), StaffRole(role))
            elif "school" in form.cleaned_data:
                StaffMember.objects.filter(pk=obj.pk).delete()
                obj.groups.remove(*Group.objects.filter(name__in=GROUP_NAMES.values()))

    @override
    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """What the form says of groups stands beside the role's own, which the form does not know."""
        role = role_of(form.instance)
        super().save_related(request, form, formsets, change)
        school = _school_of(form.instance)
        if role and school:
            appoint(form.instance, school, role)

    @override
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with audited(_deleted(request, obj)):
            super().delete_model(request, obj)

    @override
    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for user in queryset:
            self.delete_model(request, user)

    @override
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """A form that Django refuses is no change."""
        user = self.get_object(request, unquote(id))
        is_sent = request.method == "POST" and self.has_change_permission(request, user)
        if user is None or not (
            is_sent and _sets_password(self.change_password_form(user, request.POST))
        ):
            return super().user_change_password(request, id, form_url)
        told = Change(
            by=request.user.get_username(),
            action="set password",
            target=user.get_username(),
            tenant_id=_school_of(user),
        )
        with audited(told):
            return super().user_change_password(request, id, form_url)

    @admin.display(description="school")
    def school(self, user: User) -> str:
        return "All schools" if user.is_superuser else _school_of(user) or "-"


def _sets_password(form: Any) -> bool:
    """Also to none, which has a button of its own."""
    return form.is_valid() and (
        form.cleaned_data["set_usable_password"] or "unset-password" in form.data
    )


def _covers(request: HttpRequest, user: Any) -> bool:
    """Whether this user is of the scope; a superuser is of no school."""
    scope = scope_of(request)
    if user is None or scope.is_all:
        return True
    return not user.is_superuser and scope.covers(_school_of(user))


def _school_of(user: Any) -> str | None:
    member = StaffMember.objects.filter(pk=user.pk).first() if user.pk else None
    return member.tenant_id if member else None


def _change(
    request: HttpRequest, user: Any, form: Any, tenant_id: str | None, *, change: bool
) -> Change:
    """What differs, but no password."""
    told = [name for name in form.changed_data if "password" not in name]
    return Change(
        by=request.user.get_username(),
        action="change user" if change else "add user",
        target=user.get_username(),
        tenant_id=tenant_id,
        before={name: _text(form.initial.get(name)) for name in told} if change else None,
        after={name: _text(form.cleaned_data.get(name)) for name in told},
    )


def _deleted(request: HttpRequest, user: Any) -> Change:
    before = {name: _text(getattr(user, name)) for name in OWN_FIELDS}
    return Change(
        by=request.user.get_username(),
        action="delete user",
        target=user.get_username(),
        tenant_id=scope_of_user(user).tenant_id,
        before=before,
    )


def _text(value: Any) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    try:
        return sorted(str(each) for each in value)
    except TypeError:
        return str(value)
