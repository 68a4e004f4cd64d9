"""Where a change that staff make is told: in the audit log, and nowhere else."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.urls import reverse
from typing_extensions import override


class AuditedModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """The history of a thing is what the audit log has of it.

    Django's own log is not written: it keeps names of people within texts, without their ids, and so
    where an erasure cannot find them.
    """

    def target_of(self, obj: Any) -> str:
        """What the audit log calls this thing, or the one that its changes are changes of."""
        return str(obj.pk)

    @override
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing: it is in the audit log."""

    @override
    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """As above."""

    @override
    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """As above."""

    @override
    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponseRedirect:
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404("There is no such thing here.")
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        search = urlencode({SEARCH_VAR: self.target_of(obj)})
        return HttpResponseRedirect(f"{reverse('admin:staff_auditentry_changelist')}?{search}")
