"""What a member of staff may see: one school, everything, or nothing."""

from typing import Any

import msgspec
from django.http import HttpRequest

from chat_project.mongodb import Document
from staff.models import StaffMember


class Scope(msgspec.Struct, frozen=True):
    """`tenant_id` is the one school; without it `is_all` tells whether it is everything or nothing."""

    tenant_id: str | None = None
    is_all: bool = False

    @property
    def is_nothing(self) -> bool:
        return self.tenant_id is None and not self.is_all

    def covers(self, tenant_id: str | None) -> bool:
        """Whether a thing of this school lies in it; one of no school is for superusers only."""
        return self.is_all or (tenant_id is not None and tenant_id == self.tenant_id)

    def query(self) -> Document:
        """The condition that a query of MongoDB must have in it."""
        if self.is_all:
            return {}
        return {"tenantId": {"$in": []} if self.tenant_id is None else self.tenant_id}

    def narrowed(self, tenant_id: str | None) -> "Scope":
        """To one school that somebody asks for: what lies in both."""
        if tenant_id is None:
            return self
        return Scope(tenant_id) if self.covers(tenant_id) else NOTHING


NOTHING = Scope()
EVERYTHING = Scope(is_all=True)


def scope_of(request: HttpRequest) -> Scope:
    """Of the signed-in user; asked of MongoDB once for each request."""
    known: Scope | None = getattr(request, "_staff_scope", None)
    if known is None:
        known = scope_of_user(request.user)
        request._staff_scope = known  # type: ignore[attr-defined]  # kept with the request
    return known


def scope_of_user(user: Any) -> Scope:
    """A superuser's is everything, whatever school is noted for them."""
    if not (user.is_active and user.is_staff):
        return NOTHING
    if user.is_superuser:
        return EVERYTHING
    member = StaffMember.objects.filter(pk=user.pk).first()
    return Scope(member.tenant_id) if member else NOTHING
