"""The texts of System messages."""

import pytest

from chat_project.texts import MAX_NAME_UTF16_UNITS, utf16_length
from conversations import telling
from conversations.values import Person
from messaging.events import MAX_CONTENT_UTF16_UNITS

MAI = Person("mai", "Mai")
LONGEST = "🎒" * (MAX_NAME_UTF16_UNITS // 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (telling.joined(["Lan"], 1, MAI), "Mai đã thêm Lan"),
        (telling.joined(["Lan", "Hùng", "Thắng"], 3, MAI), "Mai đã thêm Lan, Hùng, Thắng"),
        (
            telling.joined(["Lan", "Hùng", "Thắng"], 25_000, MAI),
            "Mai đã thêm Lan, Hùng, Thắng và 24997 người khác",
        ),
        (telling.joined(["Lan"], 1, None), "Lan đã tham gia"),
        (telling.joined(["Lan", "Hùng"], 3, None), "Lan, Hùng và 1 người khác đã tham gia"),
        (telling.left("Lan"), "Lan đã rời nhóm"),
        (telling.removed("Lan", MAI), "Mai đã xóa Lan khỏi nhóm"),
        (telling.removed("Lan", None), "Lan không còn trong nhóm"),
        (telling.renamed("Tổ Toán", MAI), "Mai đã đổi tên nhóm thành Tổ Toán"),
        (telling.renamed("Tổ Toán", None), "Nhóm có tên mới: Tổ Toán"),
    ],
)
def test_a_text_names_who_did_what(text: str, expected: str) -> None:
    assert text == expected


def test_the_longest_text_fits_into_a_message() -> None:
    by = Person("mai", LONGEST)
    longest = telling.joined([LONGEST] * telling.NAMED, 10**9, by)

    assert utf16_length(longest) < MAX_CONTENT_UTF16_UNITS
