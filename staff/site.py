"""The admin of this project: who may come in, its start page, and pages that belong to no model."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from pymongo.errors import PyMongoError
from typing_extensions import override

from staff.times import in_the_shown_zone

View = Callable[..., HttpResponse]


class StaffSite(admin.AdminSite):
    """Imported before the models are there, so what needs them is imported where it is used."""

    site_header = site_title = "EMIS chat"
    index_title = "Start"
    index_template = "staff/index.html"
    site_url = None

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._pages: list[tuple[str, View, str]] = []

    def add_page(self, route: str, view: View, *, name: str) -> None:
        """A page under the admin's address, for a layer above; `admin:<name>` is its name.

        Only who may come in gets there; what else must be allowed, the view checks.
        """
        self._pages.append((route, view, name))

    @override
    def get_urls(self) -> list[Any]:
        """Without "view on site": there is no site beside the admin."""
        pages = [path(route, self.admin_view(view), name=name) for route, view, name in self._pages]
        urls = super().get_urls()
        own = [each for each in urls if getattr(each, "name", None) != "view_on_site"]
        return [*pages, *own]

    @override
    def has_permission(self, request: HttpRequest) -> bool:
        """Staff of some school, and superusers."""
        from staff.scope import scope_of

        return not scope_of(request).is_nothing

    @override
    def admin_view(self, view: Any, *args: Any, **options: Any) -> Any:
        return _told_as_away(super().admin_view(view, *args, **options))

    @override
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return _told_as_away(super().login)(request, extra_context)

    @override
    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        from staff.scope import scope_of

        scope = scope_of(request)
        return {
            **super().each_context(request),
            "school": "All schools" if scope.is_all else scope.tenant_id,
            "time_zone": settings.ADMIN_TIME_ZONE,
        }

    @override
    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Django's, with a form that the audit log hears of; Django has no place to name it."""
        from django.contrib.auth.views import PasswordChangeView

        from staff.own_password import OwnPasswordForm

        request.current_app = self.name
        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    @override
    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        from staff.scope import scope_of
        from staff.start_page import start_page

        context = {"start": start_page(scope_of(request)), **(extra_context or {})}
        return super().index(request, context)


def _told_as_away(view: View) -> View:
    """A page that says that the database is away, instead of a server error without words.

    A template is rendered here, because it reads too, and writes times.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        try:
            with in_the_shown_zone():
                response = view(request, *args, **options)
                render_now = getattr(response, "render", None)
                return render_now() if render_now else response
        except (DatabaseError, PyMongoError):
            return render(request, "staff/away.html", status=503)

    return guarded
