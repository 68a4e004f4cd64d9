"""Paths match without case and with or without a slash at the end (contract section 5)."""

import re

from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RegexPattern
from rest_framework.routers import SimpleRouter
from typing_extensions import override

Route = URLPattern | URLResolver

ANY_ID = r"[\s\S]+?"
"""At the end of a path: other systems' ids of people and classes may hold slashes (`%2F`)."""


class CaseInsensitiveRouter(SimpleRouter):
    """DRF's router for the API; the OpenAPI document still shows the plain route."""

    def __init__(self) -> None:
        super().__init__(trailing_slash=False)

    @override
    def get_urls(self) -> list[Route]:
        return [ignoring_case(route) for route in super().get_urls()]


def ignoring_case(route: Route) -> Route:
    """The same route, made by `re_path`, with its matching expression made tolerant."""
    pattern = route.pattern
    if not isinstance(pattern, RegexPattern):
        raise TypeError(f"{route} was not made by re_path")
    expression = str(pattern)
    if expression.endswith("$"):
        expression = expression[:-1] + "/?$"
    # An instance attribute hides the class's cached property; `str(pattern)` stays as it was.
    pattern.__dict__["regex"] = re.compile(expression, re.IGNORECASE)
    return route
