"""Anything that .NET's serializers write is read, and to the same event."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from chat_project.timestamps import parse_timestamp
from messaging.events import decode_message_sent
from tests.properties.dotnet import (
    ESCAPES,
    Date,
    Written,
    any_date,
    bodies,
    events,
    expected,
    render,
)


@given(events())
def test_an_event_is_read_as_it_was_meant(written: Written) -> None:
    event, sent_at = decode_message_sent(written.text.encode())

    assert event == written.event
    assert sent_at == written.sent_at


@given(bodies())
def test_each_way_of_escaping_is_read_to_the_same_event(
    written: tuple[dict[str, object], Date],
) -> None:
    body, _ = written

    events = [
        decode_message_sent(render(body, escape, indent=indent).encode())[0]
        for escape in ESCAPES
        for indent in (False, True)
    ]

    assert all(event == expected(body) for event in events)


@given(any_date)
def test_a_date_is_floored_to_milliseconds_of_utc(date: Date) -> None:
    moment = parse_timestamp(date.text)

    assert moment == date.moment
    assert moment.utcoffset() == timedelta(0)


@given(st.text(max_size=40))
def test_what_is_no_date_raises_value_error_and_nothing_else(text: str) -> None:
    try:
        parse_timestamp(text)
    except ValueError:
        return
