"""CORS for browsers, out of the way of everybody else; in use only with CORS_ALLOWED_ORIGINS."""

from typing import Any

from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest
from django.utils.cache import patch_vary_headers
from typing_extensions import override


class Cors(CorsMiddleware):
    """A request without `Origin` is not a page's cross-origin one; but a cache could show its answer
    to one, so that of a GET says that it depends on the origin."""

    @override
    def __call__(self, request: HttpRequest) -> Any:
        if "HTTP_ORIGIN" in request.META:
            return super().__call__(request)
        response = self.get_response(request)
        if request.method == "GET" and self.is_enabled(request):
            patch_vary_headers(response, ("origin",))  # type: ignore[arg-type]  # never awaitable
        return response
