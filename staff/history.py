"""Where a change that staff make is told: in the audit log, and nowhere else."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
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
    def response_action(self, request: Any, *args: Any, **options: Any) -> HttpResponse | None:
        """What was ticked; a key that none of them can have is passed over, like one that none has."""
        request.POST = request.POST.copy()
        ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
        request.POST.setlist(ACTION_CHECKBOX_NAME, [each for each in ticked if self._is_key(each)])
        return super().response_action(request, *args, **options)

    def _is_key(self, given: str) -> bool:
        try:
            self.opts.pk.to_python(given)
        except ValidationError:
            return False
        return True

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
