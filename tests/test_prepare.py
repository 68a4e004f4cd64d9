"""`python -m scripts.prepare` when something is wrong: one line, no traceback."""

import sys

import pytest

from tests.processes import running


@pytest.mark.parametrize(
    ("name", "value"),
    [("JWT_SECRET", "short"), ("MONGODB_URI", "mongodb://127.0.0.1:9")],
    ids=["a wrong setting", "MongoDB away"],
)
def test_what_stops_it_is_told_in_one_line_that_names_the_setting(name: str, value: str) -> None:
    with running([sys.executable, "-m", "scripts.prepare"], {name: value}) as process:
        assert process.wait() == 1
        [line] = process.output().splitlines()

    assert line.startswith("prepare: ")
    assert name in line
