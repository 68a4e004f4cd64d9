import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.identifiers import derived_message_id, fingerprint

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("0199aaaa-1111-7222-8333-444455556666", "0199aaaa-1111-7365-88af-8befc5b9af82"),
        ("abc", "00000000-0000-78bd-a5d6-51e40ecc0fa1"),
    ],
    ids=["a UUIDv7 lends its time", "any other key has time zero"],
)
def test_a_key_always_yields_the_id_of_the_contract(key: str, expected: str) -> None:
    assert derived_message_id("school-1", "user-1", key) == expected


@given(TEXTS, TEXTS, TEXTS)
def test_a_fingerprint_is_over_plain_compact_json(
    conversation: str, content: str, user: str
) -> None:
    sent = [conversation, content, None, [[user, 0, 1]]]
    plain = json.dumps(sent, separators=(",", ":"), ensure_ascii=False).encode()

    assert fingerprint(conversation, content, None, [(user, 0, 1)]) == sha256(plain).digest()[:16]


def test_type_and_attachments_count_only_when_they_are_not_the_default() -> None:
    text = fingerprint("c", "x", None, [])

    assert fingerprint("c", "x", None, [], message_type="Text", attachment_ids=()) == text
    assert fingerprint("c", "x", None, [], message_type="Image") != text
    assert fingerprint("c", "x", None, [], attachment_ids=["a"]) != text
