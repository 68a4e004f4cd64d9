"""Lists of the admin whose pages a query of our own finds, by an index that it names.

Django's own list counts everything, sorts by whatever column is clicked and joins where a filter
says so; none of that is fast over a million documents.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import pymongo
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import InvalidPage, Paginator
from django.http import HttpRequest
from pymongo.errors import PyMongoError
from typing_extensions import override

from chat_project.mongodb import Document, majority_collection

MAX_COUNTED = 10_000
"""A longer list is counted up to here, and can be paged up to here."""
SECONDS = 4.0
"""For all that one page asks of MongoDB; it says so when that was not enough."""

TOO_LONG = "This takes too long to find: add a word, or choose a school or another filter."


class Reading(msgspec.Struct, frozen=True):
    """A query, the index that serves it, and an order that this index has: nothing is sorted."""

    query: Document
    index: str
    sort: list[tuple[str, int]]


class Found(msgspec.Struct, frozen=True):
    """The keys of one page in their order. `total` counts up to MAX_COUNTED, or to less in a search
    that was cut off: there are at least so many then. `note` is for people."""

    keys: Sequence[Any] = ()
    total: int = 0
    note: str = ""
    is_cut_off: bool = False


def read(collection: str, reading: Reading, *, page: int, size: int) -> Found:
    """Two bounded commands. Pages count from 1. Raises pymongo's errors."""
    documents = majority_collection(collection)
    found = documents.find(reading.query, {"_id": 1}, hint=reading.index, sort=reading.sort)
    keys = [each["_id"] for each in found.skip((page - 1) * size).limit(size)]
    if page == 1 and len(keys) < size:
        return Found(keys, len(keys))
    total = documents.count_documents(reading.query, hint=reading.index, limit=MAX_COUNTED)
    return Found(keys, total)


class FoundChangeList(ChangeList):
    """Django's list with the page that `model_admin.find` gives: one from 1 to MAX_COUNTED's."""

    note = ""
    is_capped = False

    @override
    def get_results(self, request: HttpRequest) -> None:
        model_admin: Any = self.model_admin
        if not 0 <= (self.page_num - 1) * self.list_per_page < MAX_COUNTED:
            raise IncorrectLookupParameters
        found = self._found(request)
        self.paginator = Paginator(range(found.total), self.list_per_page)
        try:
            self.paginator.validate_number(self.page_num)
        except InvalidPage:
            raise IncorrectLookupParameters from None
        every = model_admin.get_queryset(request)
        objects = every.order_by().in_bulk(list(found.keys))
        self.result_list: Any = [objects[key] for key in found.keys if key in objects]
        model_admin.prepare(request, self.result_list)
        self.result_count = found.total
        is_narrowed = bool(self.query) or self.has_active_filters
        self.full_result_count = None if is_narrowed else found.total
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = False
        self.multi_page = found.total > self.list_per_page
        self.note = found.note
        self.is_capped = found.is_cut_off or found.total >= MAX_COUNTED

    def _found(self, request: HttpRequest) -> Found:
        model_admin: Any = self.model_admin
        try:
            with pymongo.timeout(SECONDS):
                found: Found = model_admin.find(request, self)
        except PyMongoError as error:
            if not error.timeout:
                raise
            return Found(note=TOO_LONG)
        return found
