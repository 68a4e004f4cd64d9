"""A sub-document of MongoDB as a model field."""

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from typing_extensions import override


class SubdocumentField(models.Field):  # type: ignore[type-arg]  # not subscriptable at run time
    """A native sub-document, given as the dict that the driver reads (its dates naive, in UTC).

    django's JSONField goes through JSON text on reading and fails on a BSON date.
    """

    empty_strings_allowed = False

    @override
    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "object"
