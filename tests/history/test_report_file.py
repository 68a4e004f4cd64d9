"""The file of `--report` holds what people wrote."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.history.conftest import brought
from tests.history.replaced import Replaced


@pytest.fixture
def unmasked() -> Iterator[None]:
    """New files may be for everybody, if nobody says otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_report_can_be_read_by_its_owner_alone(
    replaced: Replaced, unmasked: None, tmp_path: Path
) -> None:
    replaced.message(str(uuid4()), str(uuid4()), "Ai thấy không?", minutes=1)
    report = tmp_path / "report"

    brought(replaced, "--report", str(report))

    assert "Ai thấy không?" in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600
