"""A live database of a test's own, with the indexes of the session's."""

from collections.abc import Iterator

import pymongo
import pytest

from chat_project.mongodb import client, collection, database, using_database
from tests.consumers.rebuild.lives import COLLECTIONS, Live


@pytest.fixture
def live() -> Iterator[Live]:
    made = Live()
    indexes = {name: collection(name).list_indexes().to_list() for name in COLLECTIONS}
    with using_database(made.name):
        for name, found in indexes.items():
            plain = [{k: v for k, v in each.items() if k != "v"} for each in found]
            database().command({"createIndexes": name, "indexes": plain})
        yield made
    for name in (made.name, made.into):
        with pymongo.timeout(60):  # it waits for what MongoDB is writing
            client().drop_database(name)
