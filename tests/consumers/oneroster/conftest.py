"""A folder for a school's files."""

from pathlib import Path

import pytest

from tests.consumers.oneroster.school_files import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files by name (`users="…"`); gives their folder."""

    def written(**contents: str | bytes) -> Path:
        for name, content in contents.items():
            data = content if isinstance(content, bytes) else content.encode()
            (tmp_path / f"{name}.csv").write_bytes(data)
        return tmp_path

    return written
