"""What a service refuses, told to staff on the page that they came from."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from typing_extensions import override

from chat_project.api.errors import ApiError


class RefusalsAsMessages(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Shows an ApiError out of a service as a message; what was done before it stays done."""

    @override
    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        return self._or_refusal(request, super().changeform_view, *args, **options)

    @override
    def changelist_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        return self._or_refusal(request, super().changelist_view, *args, **options)

    @override
    def delete_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        return self._or_refusal(request, super().delete_view, *args, **options)

    def _or_refusal(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **options: Any
    ) -> HttpResponse:
        try:
            return view(request, *args, **options)
        except ApiError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
