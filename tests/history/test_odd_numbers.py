"""Numbers that nothing can have so many of: left out and told, and the rest is brought."""

import json
from pathlib import Path

import pytest
from bson.int64 import Int64

from consumers.history.values import MAX_WHOLE_NUMBER, whole_number
from tests.history.conftest import assert_sound, brought, pair_of, stored
from tests.history.replaced import FILE, Replaced
from tests.history.test_damage import lines_of

NUMBERS: dict[str, tuple[object, int | None]] = {
    "nothing": (0, 0),
    "an integer": (7, 7),
    "of 64 bits": (Int64(7), 7),
    "a double": (7.0, 7),
    "the largest": (float(MAX_WHOLE_NUMBER), MAX_WHOLE_NUMBER),
    "a larger one": (MAX_WHOLE_NUMBER + 1, None),
    "beyond 64 bits": (1e19, None),
    "below zero": (-1, None),
    "a fraction": (0.5, None),
    "without end": (float("inf"), None),
    "not a number": (float("nan"), None),
    "a yes": (True, None),
    "a text": ("7", None),
    "none": (None, None),
}


@pytest.mark.parametrize(("given", "read"), NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_is_read_as_far_as_it_can_be_stored(given: object, read: int | None) -> None:
    assert whole_number(given) == read


def test_a_message_with_a_number_beyond_64_bits_is_brought_without_it(
    replaced: Replaced, tmp_path: Path
) -> None:
    id_, mai, dung = pair_of(replaced)
    people = [replaced.person(mai, "Mai", UnreadCount=1e300), replaced.person(dung, "Dũng")]
    replaced.change(id_, Participants=people)
    file = replaced.attachment("a.pdf", "http://minio/emis-chat/a.pdf", FileSize=1e19)
    mention = {"UserId": replaced.guid(dung), "UserName": "Dũng", "StartIndex": 1e19, "Length": 5}
    fields = {"Type": FILE, "Attachments": [file], "Mentions": [mention]}
    replaced.message(id_, mai, "@Dũng xem nhé", minutes=1, **fields)

    outcome = brought(replaced, "--report", str(tmp_path / "report"))

    [message] = stored(id_)
    assert message["content"] == "@Dũng xem nhé"
    assert "mentions" not in message
    assert "fileSize" not in message["attachments"][0]
    assert outcome["notes"]["left_out"] == 1
    [line] = lines_of(tmp_path / "report", "unknown_value")
    assert "the size 1e+19 of the attachment" in json.dumps(line)
    assert_sound(id_)
