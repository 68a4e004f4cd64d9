"""Whatever lies in the topic ends as a stored message or a dead letter, never as another error."""

from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers.dead_letters import headers_of
from consumers.records import Record
from tests.consumers.conftest import Consumer
from tests.consumers.events import event
from tests.properties.dotnet import events

PARTITIONS = 10
ROOM = f"fuzzing-{new_id()}"

Headers = tuple[tuple[str, bytes | None], ...]


class Thing(NamedTuple):
    """Anything that a producer can put into a topic."""

    value: bytes | None
    key: bytes | None
    headers: Headers
    partition: int


whole_events = st.builds(
    lambda text, number: msgspec.json.encode(
        event(ROOM, messageId=f"{ROOM}/{number}", content=text)
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.integers(0, 2**63),
) | events().map(lambda written: written.text.encode())


@st.composite
def damaged_events(draw: st.DrawFn) -> bytes:
    """Cut off, with flipped bits, or with a piece that comes twice."""
    value = bytearray(draw(whole_events))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(value) - 1))
        value[at] ^= 1 << draw(st.integers(0, 7))
    if draw(st.booleans()):
        at = draw(st.integers(0, len(value)))
        value[at:at] = value[draw(st.integers(0, at)) : at]
    return bytes(value[: draw(st.just(len(value)) | st.integers(0, len(value)))])


odd_values = st.sampled_from(
    [
        b"[" * 3_000,
        b'{"a":' * 1_500,
        b'"\\ud800"',
        b"\xef\xbb\xbf{}",
        b'{"messageId":"\\ud800","sentAt":"0001-01-01T00:00:00+14:00"}',
        b'{"messageId":18446744073709551616}',
        b"NaN",
    ]
)
values = st.none() | st.binary(max_size=60) | whole_events | damaged_events() | odd_values
right = st.just((("event-type", b"MessageSentEvent"),))
odd_headers = st.lists(
    st.tuples(
        st.sampled_from(["event-type", "timestamp", "__connect.errors.topic", "", "Ngày"]),
        st.none() | st.binary(max_size=12) | st.just(b"MessageSentEvent"),
    ),
    max_size=4,
).map(tuple)
things = st.builds(
    Thing,
    value=values,
    key=st.just(ROOM.encode()) | st.none() | st.binary(max_size=40),
    headers=right | odd_headers,
    partition=st.just(crc32(ROOM.encode()) % PARTITIONS) | st.integers(0, PARTITIONS - 1),
)


@pytest.fixture(scope="module")
def fuzzed_room(database: None) -> None:
    fields = {"key": ROOM, "tenantId": "tenant-1", "type": "TeacherGroup", "name": "Tổ Toán"}
    collection("conversations").insert_one(
        {"_id": ROOM, **fields, "isActive": True, "version": 1, "lastSeq": 0}
    )


@pytest.mark.usefixtures("fuzzed_room")
@settings(max_examples=settings().max_examples // 4)
@given(st.lists(things, min_size=1, max_size=8))
def test_everything_is_stored_or_dead_or_left_alone(batch: Sequence[Thing]) -> None:
    topic = f"fuzzing-{new_id()}.message.sent"
    records = [_record(topic, offset, thing) for offset, thing in enumerate(batch)]
    consumer = Consumer(topic).assigned()

    handled = consumer.apply(records)

    assert handled.stop is None
    assert list(handled.records) == records
    dead = {each["offset"]: each for each in collection("dead_letters").find({"topic": topic})}
    assert sorted(dead) == [letter.place.o for letter in consumer.dead_letters.letters]
    for record in records:
        if record.offset not in dead:
            assert _is_of_another_service(record) or _is_stored(record)
    for letter in consumer.dead_letters.letters:
        assert all(isinstance(name, str) for name, _ in headers_of(letter, "a-group"))


def _record(topic: str, offset: int, thing: Thing) -> Record:
    return Record(
        topic=topic,
        partition=thing.partition,
        offset=offset,
        key=thing.key,
        value=thing.value,
        headers=thing.headers,
        timestamp_ms=0,
    )


def _is_stored(record: Record) -> bool:
    message_id = msgspec.json.decode(record.value or b"null")["messageId"]
    return collection("messages").find_one({"_id": message_id}) is not None


def _is_of_another_service(record: Record) -> bool:
    first = next(value for name, value in record.headers if name == "event-type" and value)
    return first != b"MessageSentEvent"
