"""The topics and the consumers whose dead letters a test looks at."""

import pytest

from tests.consumers.pipelines import Pipeline


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()
