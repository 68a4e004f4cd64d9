"""Plain indexes, made through pymongo by a migration.

UniqueConstraint and unique=True become partial indexes in django-mongodb-backend, which equality
queries cannot use. The indexes of collections without Django models are made by `create_indexes`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pymongo
from django.db.migrations import RunPython

BUILD_SECONDS = 24 * 3_600.0

Index = tuple[str, Sequence[str], Mapping[str, Any]]
"""Its name, its fields (each ascending), and what else pymongo's `create_index` takes."""


def making(indexes: Mapping[str, Sequence[Index]]) -> RunPython:
    """An operation that makes these indexes, by collection, and when reversed drops them. One that
    is there already costs nothing."""

    def make(_apps: Any, schema_editor: Any) -> None:
        database = schema_editor.connection.database
        with pymongo.timeout(BUILD_SECONDS):
            for collection, wanted in indexes.items():
                for name, fields, options in wanted:
                    keys = [(field, 1) for field in fields]
                    database[collection].create_index(keys, name=name, **options)

    def drop(_apps: Any, schema_editor: Any) -> None:
        database = schema_editor.connection.database
        for collection, made in indexes.items():
            for name, _fields, _options in made:
                database[collection].drop_index(name)

    return RunPython(make, drop)
