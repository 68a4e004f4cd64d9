"""The outermost middleware: request id, duration, and the envelope for errors outside of views."""

from collections.abc import Callable
from functools import lru_cache
from time import perf_counter

from django.contrib.admindocs.views import simplify_regex
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from prometheus_client import Histogram

from chat_project import request_id
from chat_project.api.envelope import ErrorBody, encode
from chat_project.api.exceptions import CODES
from chat_project.api.renderers import JSON
from chat_project.chunked_bodies import MAX_BYTES
from chat_project.metrics import http_request_duration_seconds

_CHUNK_BYTES = 64 * 1024

_PAGES_FOR_PEOPLE = ("/admin", "/static/", "/swagger", "/redoc")
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class RequestMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        this_id = request_id.begin(request.META.get("HTTP_X_REQUEST_ID"))
        try:
            response = self._answer(request)
        finally:
            request_id.end()
        response.headers["X-Request-ID"] = this_id
        _state_length(response)
        if request.method == "HEAD":
            _leave_out_body(response)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        response = self._get_response(request)
        _drain(request)
        if response.status_code >= 400:
            response = _in_envelope(request, response)
        _observe(request, response, perf_counter() - started)
        return response


def _state_length(response: HttpResponseBase) -> None:
    """Without it gunicorn sends the answer in chunks, in twice as many packets. 304 has no body, and
    a length of 0 would say that the client's copy is empty (RFC 9110, 8.6)."""
    if (
        isinstance(response, HttpResponse)
        and response.status_code != HttpResponseNotModified.status_code
        and "Content-Length" not in response.headers
    ):
        response.headers["Content-Length"] = str(len(response.content))


def _leave_out_body(response: HttpResponseBase) -> None:
    """gunicorn would drop it, with a warning. Its length stays told."""
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = ()  # a file is closed with the answer all the same
    elif isinstance(response, HttpResponse):
        response.content = b""


def _drain(request: HttpRequest) -> None:
    """Reads what is left of the body: a client that is still sending would not see the answer, and
    gunicorn closes a connection with more than 64 KiB left. So it does beyond MAX_BYTES."""
    remaining = MAX_BYTES
    try:
        while remaining > 0 and (chunk := request.read(_CHUNK_BYTES)):
            remaining -= len(chunk)
    except OSError:
        return


def _in_envelope(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Django's own error pages (unknown path, bad host, crash) in the API's shape.

    The response stays the same one: the headers that other middleware set must not be lost.
    """
    if response.headers.get("Content-Type") == JSON or request.path.startswith(_PAGES_FOR_PEOPLE):
        return response
    if not isinstance(response, HttpResponse):
        return response
    error = ErrorBody(CODES.get(response.status_code, "bad_request"), f"{response.reason_phrase}.")
    response.content = encode(error=error)
    response.headers["Content-Type"] = JSON
    response.headers.pop("Content-Length", None)
    return response


def _observe(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    match = request.resolver_match
    method = request.method if request.method in _METHODS else "other"
    _durations(method, match.route if match else None, response.status_code).observe(seconds)


@lru_cache(maxsize=1_000)
def _durations(method: str, route: str | None, status: int) -> Histogram:
    endpoint = "unmatched" if route is None else simplify_regex(route)
    return http_request_duration_seconds.labels(method, endpoint, status)
