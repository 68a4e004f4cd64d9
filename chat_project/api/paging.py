"""The shape of paged lists: the items with the page's data beside them (contract section 5)."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec
from django.http import HttpRequest
from rest_framework.request import Request

from chat_project.api.envelope import Plain
from chat_project.api.query import integer, parameters

MAX_PAGE_SIZE = 200
MAX_PAGE_NUMBER = 1_000_000

T = TypeVar("T")


class PageRequest(msgspec.Struct, frozen=True):
    """Which page is asked for; pages count from 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


class Page(Plain, Generic[T], frozen=True, rename="camel"):
    """Its items say their dates as texts."""

    items: Sequence[T]
    total_count: int
    page: int
    page_size: int
    total_pages: int
    has_previous_page: bool
    has_next_page: bool


def page_request(request: Request | HttpRequest, *, default_size: int = 20) -> PageRequest:
    """`pageNumber` and `pageSize` of the query; raises InvalidRequest outside of the bounds."""
    given = parameters(request)
    return PageRequest(
        number=integer(given, "pageNumber", default=1, minimum=1, maximum=MAX_PAGE_NUMBER),
        size=integer(given, "pageSize", default=default_size, minimum=1, maximum=MAX_PAGE_SIZE),
    )


def page_of(items: Sequence[T], total_count: int, asked: PageRequest) -> Page[Any]:
    total_pages = -(-total_count // asked.size)
    return Page(
        items=items,
        total_count=total_count,
        page=asked.number,
        page_size=asked.size,
        total_pages=total_pages,
        has_previous_page=asked.number > 1,
        has_next_page=asked.number < total_pages,
    )
