"""What members of staff may do in their school: three of Django's groups, and who is in which."""

from enum import StrEnum

from django.contrib.auth.models import Group, Permission, User

from staff.models import StaffMember


class StaffRole(StrEnum):
    READER = "reader"
    STAFF = "staff"
    ADMINISTRATOR = "administrator"


GROUP_NAMES = {
    StaffRole.READER: "School readers",
    StaffRole.STAFF: "School staff",
    StaffRole.ADMINISTRATOR: "School administrators",
}

_READING = (
    *("conversations.view_conversation", "conversations.view_participant"),
    *("consumers.view_deadletter", "staff.view_auditentry"),
)
_CHANGING = (
    "conversations.change_conversation",
    *(f"conversations.{verb}_participant" for verb in ("add", "change", "delete")),
    "consumers.change_deadletter",
)
_ADMINISTERING = ("auth.view_user", "auth.add_user", "auth.change_user")

PERMISSIONS = {
    StaffRole.READER: _READING,
    StaffRole.STAFF: (*_READING, *_CHANGING),
    StaffRole.ADMINISTRATOR: (*_READING, *_CHANGING, *_ADMINISTERING),
}
"""By role, as `app.codename`. None of them reaches beyond the school: `staff.scope` sees to that."""


def appoint(user: User, tenant_id: str, role: StaffRole) -> None:
    """Makes a user staff of this school, and of no other, in this role and no other of the three."""
    StaffMember.objects.update_or_create(pk=user.pk, defaults={"tenant_id": tenant_id})
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    user.groups.remove(*Group.objects.filter(name__in=GROUP_NAMES.values()))
    user.groups.add(group_of(role))


def role_of(user: User) -> StaffRole | None:
    """The greatest that the user has; None: none of the three."""
    names = set(user.groups.values_list("name", flat=True)) if user.pk else set()
    return next((role for role in reversed(StaffRole) if GROUP_NAMES[role] in names), None)


def group_of(role: StaffRole) -> Group:
    """The group with its permissions, made where it is missing."""
    group, _created = Group.objects.get_or_create(name=GROUP_NAMES[role])
    group.permissions.set(_permission(path) for path in PERMISSIONS[role])
    return group


def _permission(path: str) -> Permission:
    app_label, _, codename = path.partition(".")
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)
