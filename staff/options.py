"""What every list and page of the admin has in common: a school's staff stay in their school."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from typing_extensions import override

from chat_project.api.errors import ApiError
from staff.changes import Change
from staff.found import Found, FoundChangeList
from staff.history import AuditedModelAdmin
from staff.scope import scope_of


class StaffModelAdmin(AuditedModelAdmin):
    """Within the scope of who asks: list, search, link, form, action and autocomplete.

    A subclass says in `find` how its list is read, and in `tenant_of` whose a thing is. What a
    service refuses is told on the page that it came from; what was done before it stays done.
    """

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they would count everything
    list_per_page = 50
    list_max_show_all = 0
    sortable_by = ()

    def find(self, request: HttpRequest, changelist: Any) -> Found:
        raise NotImplementedError

    def tenant_of(self, obj: Any) -> str | None:
        tenant_id: str | None = obj.tenant_id
        return tenant_id

    def prepare(self, request: HttpRequest, objects: Sequence[Any]) -> None:
        """Reads at once what the rows of a page show beside their own fields."""

    def change_of(
        self, request: HttpRequest, action: str, obj: Any, *, before: Any = None, after: Any = None
    ) -> Change:
        """What the audit log is to say of a change that this user makes."""
        return Change(
            by=request.user.get_username(),
            action=action,
            target=self.target_of(obj),
            tenant_id=self.tenant_of(obj),
            before=before,
            after=after,
        )

    @override
    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return FoundChangeList

    @override
    def get_list_display(self, request: HttpRequest) -> Any:
        """Who has one school need not be told which."""
        is_all = scope_of(request).is_all
        return [name for name in self.list_display if is_all or name != "tenant_id"]

    @override
    def get_queryset(self, request: HttpRequest) -> Any:
        scope = scope_of(request)
        every = super().get_queryset(request)
        return every if scope.is_all else every.filter(tenant_id=scope.tenant_id or "")

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """The list is searched by `find`; an action is on what was ticked, however it was found."""
        return queryset, False

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and self._covers(request, obj)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._covers(request, obj)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._covers(request, obj)

    def _covers(self, request: HttpRequest, obj: Any) -> bool:
        return obj is None or scope_of(request).covers(self.tenant_of(obj))

    @override
    def response_action(self, request: Any, *args: Any, **options: Any) -> HttpResponse | None:
        """Only what was ticked: a list that is not counted has no "all"."""
        request.POST = request.POST.copy()
        request.POST.pop("select_across", None)
        return super().response_action(request, *args, **options)

    @override
    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        return self._or_refusal(request, super().changeform_view, *args, **options)

    @override
    def changelist_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        return self._or_refusal(request, super().changelist_view, *args, **options)

    @override
    def delete_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        return self._or_refusal(request, super().delete_view, *args, **options)

    def _or_refusal(self, request: HttpRequest, view: Any, *args: Any, **options: Any) -> Any:
        try:
            return view(request, *args, **options)
        except ApiError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


class GivenModelAdmin(StaffModelAdmin):
    """Of what staff neither make nor delete: it comes out of the chat."""

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
