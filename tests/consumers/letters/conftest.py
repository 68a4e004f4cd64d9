"""The topics and the consumers whose dead letters a test looks at."""

import pytest

from chat_project.mongodb import collection
from tests.consumers.pipelines import Pipeline


@pytest.fixture(autouse=True)
def no_letters(database: None) -> None:
    """The commands look at all dead letters of a database, also at what other tests have left."""
    collection("dead_letters").delete_many({})


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()
