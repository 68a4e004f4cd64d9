from datetime import UTC, datetime, timedelta, timezone

import pytest

from chat_project.timestamps import format_timestamp, parse_timestamp


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-07T10:00:00Z", datetime(2025, 11, 7, 10, tzinfo=UTC)),
        ("2025-11-07T10:00:00.1239999Z", datetime(2025, 11, 7, 10, 0, 0, 123_000, UTC)),
        ("2025-11-07T10:00:00.1234567+07:00", datetime(2025, 11, 7, 3, 0, 0, 123_000, UTC)),
        ("2025-11-07T10:00:00.5", datetime(2025, 11, 7, 10, 0, 0, 500_000, UTC)),
        ("9999-12-31T23:59:59.9999999Z", datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)),
        ("0001-01-01T00:00:00", datetime(1, 1, 1, tzinfo=UTC)),
        ("1969-12-31T23:59:59.9999999Z", datetime(1969, 12, 31, 23, 59, 59, 999_000, UTC)),
    ],
)
def test_every_form_of_dotnet_is_read_and_floored(text: str, expected: datetime) -> None:
    assert parse_timestamp(text) == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2025-02-30T00:00:00Z", "9999-12-31T23:59:59-00:01", "10000-01-01"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # its text is free
        parse_timestamp(text)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2025, 11, 7, 10, tzinfo=UTC), "2025-11-07T10:00:00.000Z"),
        (datetime(2025, 11, 7, 10, 0, 0, 123_999), "2025-11-07T10:00:00.123Z"),  # noqa: DTZ001
        (
            datetime(2025, 11, 7, 10, tzinfo=timezone(timedelta(hours=7))),
            "2025-11-07T03:00:00.000Z",
        ),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
    ],
)
def test_a_moment_is_written_in_utc_with_milliseconds(moment: datetime, expected: str) -> None:
    assert format_timestamp(moment) == expected
