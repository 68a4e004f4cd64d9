"""Every endpoint of the API, as the URL resolver has it: tables of tests are checked against this."""

from collections.abc import Iterator
from typing import NamedTuple

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver, get_resolver

PREFIX = "/api/v1"
OPENED_BY_LINKS = f"{PREFIX}/attachments/"
"""Files: their addresses are signed and take no token; tests/messaging/test_attachments*.py."""
_METHODS = ("get", "post", "put", "patch", "delete")


class Endpoint(NamedTuple):
    """`path` is below /api/v1 and names its parameters: `/messages/{message_id}/pin`."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def all_endpoints() -> list[Endpoint]:
    """In the order of their paths: every route below /api/v1 but those of files."""
    found = {
        Endpoint(method.upper(), path.removeprefix(PREFIX))
        for path, pattern in _patterns(get_resolver().url_patterns, "")
        if path.startswith(f"{PREFIX}/") and not path.startswith(OPENED_BY_LINKS)
        for method in _methods_of(pattern)
    }
    return sorted(found, key=lambda each: (each.path, each.method))


def endpoint_of(method: str, path: str) -> Endpoint:
    """The endpoint that answers this path, which begins with /api/v1. Raises Resolver404."""
    route = simplify_regex(get_resolver().resolve(path).route)
    return Endpoint(method, _as_documented(route).removeprefix(PREFIX))


def _patterns(
    routes: list[URLPattern | URLResolver], before: str
) -> Iterator[tuple[str, URLPattern]]:
    for route in routes:
        written = before + str(route.pattern)
        if isinstance(route, URLResolver):
            yield from _patterns(route.url_patterns, written)
        else:
            yield _as_documented(simplify_regex(written)), route


def _methods_of(pattern: URLPattern) -> list[str]:
    """A view set's actions, or the methods of a view's class."""
    callback = pattern.callback
    actions = getattr(callback, "actions", None)
    if actions is None:
        actions = [name for name in _METHODS if hasattr(callback.view_class, name)]
    return [method for method in actions if method in _METHODS]


def _as_documented(path: str) -> str:
    return path.replace("<", "{").replace(">", "}")
