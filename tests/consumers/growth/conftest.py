"""The topics of a test, which may grow."""

from collections.abc import Iterator

import pytest

from chat_project.mongodb import collection
from tests.consumers.growth.small_topics import Topics


@pytest.fixture
def topics(database: None) -> Iterator[Topics]:
    made = Topics().register()
    yield made
    collection("accepting").delete_one({"_id": made.topic})
    for deletion in made.admin.delete_topics(
        [made.topic, made.environment.dead_letter_topic]
    ).values():
        deletion.result()
