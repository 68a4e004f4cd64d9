"""Production serves the admin and Swagger with and without `collectstatic`."""

from pathlib import Path

import pytest

from chat_project.static_files import CollectedOrFound


def test_files_keep_their_names_where_nothing_was_collected(tmp_path: Path) -> None:
    storage = CollectedOrFound(location=tmp_path)

    assert storage.stored_name("admin/css/base.css") == "admin/css/base.css"


def test_a_collected_file_has_the_name_of_its_content(tmp_path: Path) -> None:
    storage = CollectedOrFound(location=tmp_path)
    storage.hashed_files = {"a.css": "a.0123.css"}

    assert storage.stored_name("a.css") == "a.0123.css"
    with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
        storage.stored_name("b.css")
