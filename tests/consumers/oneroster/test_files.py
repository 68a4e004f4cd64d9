"""Which files may hold a school, and those that are refused as a whole."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from consumers.errors import Refused
from consumers.oneroster import files
from tests.consumers.oneroster.school_files import (
    CLASSES,
    ENROLLMENTS,
    FLAT,
    USERS,
    WHOLE,
    Write,
    planned,
)


def test_a_folder_of_files_is_a_school_teachers_first(write: Write) -> None:
    folder = write(users=USERS, enrollments=ENROLLMENTS, classes=CLASSES, orgs="sourcedId,name\n")

    made = planned(folder)

    assert [(each.key, each.event) for each in made.events] == WHOLE
    assert (made.students, made.teachers, made.classes, made.refusals) == (1, 1, 1, [])


def test_a_zip_and_single_files_are_the_same(write: Write, tmp_path: Path) -> None:
    folder = write(users=USERS, enrollments=ENROLLMENTS)
    with ZipFile(tmp_path / "school.zip", "w") as archive:
        for name in ("users", "enrollments"):
            archive.write(folder / f"{name}.csv", f"export/{name}.csv")

    zipped = planned(tmp_path / "school.zip")
    single = planned(folder / "enrollments.csv", folder / "users.csv")

    assert zipped.events == single.events
    assert [each.event for each in zipped.events] == [event for _, event in WHOLE]


@pytest.mark.parametrize(
    "content",
    [
        FLAT.encode(),
        b"\xef\xbb\xbf" + FLAT.encode(),
        FLAT.replace("\n", "\r\n").encode(),
        FLAT.replace("sourcedId,givenName", "SOURCEDID, GivenName").encode(),
        FLAT.encode() + b"\n,,,,,,,\n",
    ],
    ids=["plain", "with a byte order mark", "with CRLF", "other case", "empty rows"],
)
def test_one_file_may_hold_all(write: Write, content: bytes) -> None:
    made = planned(write(school=content) / "school.csv")

    assert [(each.key, each.event) for each in made.events] == WHOLE
    assert made.refusals == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no file of users, enrollments or classes by its columns (there are none)"),
        (b"name;class\nAn;9A\n", "by its columns (name;class)"),
        (FLAT.encode() + b"s-2,\xff\xfe,B,,student,9A,,\n", "not UTF-8"),
        (FLAT.encode() + b's-2,"A"B,C,,student,9A,,\n', "no CSV"),
        (FLAT.encode() + b's-2,"A\n', "no CSV: unexpected end of data"),
    ],
    ids=["empty", "semicolons", "another encoding", "broken quotes", "an open quote"],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    write: Write, content: bytes, problem: str
) -> None:
    with pytest.raises(Refused, match=r"school\.csv") as refused:
        planned(write(school=content) / "school.csv")

    assert problem in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file or directory"):
        planned(tmp_path / "nothing.csv")


def test_names_of_files_may_have_any_case(write: Write) -> None:
    folder = write(users=USERS, enrollments=ENROLLMENTS)
    (folder / "users.csv").rename(folder / "USERS.CSV")
    (folder / "enrollments.csv").rename(folder / "Enrollments.Csv")

    assert [each.event for each in planned(folder).events] == [event for _, event in WHOLE]


@pytest.mark.parametrize("name", ["empty", "empty.zip", "others"])
def test_where_no_file_of_a_school_is_there_is_refused_with_what_is_expected(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "courses.csv").write_text("sourcedId,title\n")
    ZipFile(tmp_path / "empty.zip", "w").close()

    with pytest.raises(Refused, match=f"{name}: no file of users, enrollments or classes: wanted"):
        planned(tmp_path / name)


def test_there_is_a_limit_to_the_rows(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_ROWS", 4)

    with pytest.raises(Refused, match=r"school.csv line 6: over 4 rows in all files together"):
        planned(write(school=FLAT) / "school.csv")
