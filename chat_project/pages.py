"""Django's middleware for pages that people look at, as one step that the API does not take.

A text's warm Python time, without Redis and Kafka, fell by a seventh (docs/performance.md).
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin
from typing_extensions import override
from whitenoise.middleware import WhiteNoiseMiddleware

from chat_project.api.compression import compress

Answer = Callable[[HttpRequest], HttpResponseBase]

API = "/api/"
ADMIN = "/admin"


class OnlyAdmin(MiddlewareMixin):
    """Mixed in before a middleware: every path outside the admin goes straight on."""

    @override
    def __call__(self, request: HttpRequest) -> Any:
        in_admin = request.path.startswith(ADMIN)
        return super().__call__(request) if in_admin else self.get_response(request)


class AdminSessions(OnlyAdmin, SessionMiddleware):
    pass


class AdminAuthentication(OnlyAdmin, AuthenticationMiddleware):
    pass


class AdminMessages(OnlyAdmin, MessageMiddleware):
    pass


class AdminPolicy(OnlyAdmin, MiddlewareMixin):
    """Pages of the admin run and load nothing but their own files, whatever is written into them."""

    POLICY = "; ".join(
        (
            *("default-src 'none'", "script-src 'self'", "style-src 'self'"),
            *("img-src 'self' data:", "font-src 'self'", "connect-src 'self'"),
            *("form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"),
        )
    )

    def process_response(self, _request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Content-Security-Policy", self.POLICY)
        return response


class AdminSlashes(OnlyAdmin, CommonMiddleware):
    """Adds a missing slash, which the API's paths do without."""


class Pages:
    """The host is checked for every path; the rest is for pages. The API's answers get two headers,
    and gzip where it pays."""

    def __init__(self, get_response: Any) -> None:
        self._api: Answer = get_response
        self._csrf = CsrfViewMiddleware(get_response)
        chain: Any = get_response  # Django's stubs know no other answer than an HttpResponse
        for middleware in (
            XFrameOptionsMiddleware,
            AdminMessages,
            AdminAuthentication,
            CsrfViewMiddleware,
            AdminSessions,
            AdminSlashes,
            AdminPolicy,
            WhiteNoiseMiddleware,
            SecurityMiddleware,
        ):
            chain = convert_exception_to_response(middleware(chain))
        self._pages: Answer = chain

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.get_host()
        if not _is_of_the_api(request):
            return self._pages(request)
        response = self._api(request)
        compress(request, response)
        headers = response.headers
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        if settings.SECURE_HSTS_SECONDS and request.is_secure():
            headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Django calls this of the middleware that it knows: forms in the admin need their token."""
        if _is_of_the_api(request):
            return None
        return self._csrf.process_view(request, view, args, kwargs)


def _is_of_the_api(request: HttpRequest) -> bool:
    """Its paths are matched without case."""
    return request.path[: len(API)].lower() == API
