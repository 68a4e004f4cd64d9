"""A live database of a test's own, with the indexes of the session's."""

from collections.abc import Iterator

import pytest

from tests.consumers.indexed_databases import using_indexed
from tests.consumers.rebuild.lives import COLLECTIONS, Live


@pytest.fixture
def live() -> Iterator[Live]:
    made = Live()
    with using_indexed(made.name, COLLECTIONS, made=[made.into]):
        yield made
