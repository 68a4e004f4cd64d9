"""The pages that show the OpenAPI document. They ask no other host for anything."""

from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerView
from rest_framework.request import Request
from rest_framework.response import Response
from typing_extensions import override

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline'",  # both pages start themselves by a script of their own
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "worker-src blob:",  # Redoc's search
        "frame-ancestors 'none'",
    )
)
"""The browser loads nothing from elsewhere: Redoc would fetch a logo, Swagger UI a badge."""


class SwaggerPage(SpectacularSwaggerView):
    """Swagger UI, with files of drf-spectacular-sidecar."""

    @extend_schema(exclude=True)
    @override
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return _from_here_only(super().get(request, *args, **kwargs))  # type: ignore[no-untyped-call]  # the library


class RedocPage(SpectacularRedocView):
    """Redoc, with files of drf-spectacular-sidecar."""

    template_name = "redoc.html"

    @extend_schema(exclude=True)
    @override
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return _from_here_only(super().get(request, *args, **kwargs))  # type: ignore[no-untyped-call]  # the library


def _from_here_only(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    return response
