"""Databases of a test's own, for what compares everything there is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pymongo

from chat_project.mongodb import client, collection, database, using_database


@contextmanager
def using_indexed(
    name: str, collections: Sequence[str], *, made: Sequence[str] = ()
) -> Iterator[None]:
    """Within it the database of this name is used, where these collections have the indexes of the
    session's. At the end it is dropped, and so are those that were `made` beside it."""
    indexes = {each: collection(each).list_indexes().to_list() for each in collections}
    with using_database(name):
        for each, found in indexes.items():
            plain = [{k: v for k, v in index.items() if k != "v"} for index in found]
            database().command({"createIndexes": each, "indexes": plain})
        yield
    for each in (name, *made):
        with pymongo.timeout(60):  # it waits for what MongoDB is writing
            client().drop_database(each)
