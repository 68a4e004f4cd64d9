"""What a conversation is told of changes in it: the texts of System messages, in one place. Pure.

In Vietnamese, for those who read them. `by` is who did it, None for staff; all names have been
checked, so a text of a few of them has room in any message. A text is made with its change and
kept: the same message is never worded twice.
"""

from collections.abc import Sequence

from conversations.values import Person

NAMED = 3
"""People who are named; the others are counted."""

SYSTEM = Person("00000000-0000-0000-0000-000000000000", "System")
"""The sender of what staff did: the id and the name that the replaced service used."""


def joined(names: Sequence[str], count: int, by: Person | None) -> str:
    """`names`: of the first of those who joined; `count`: how many they are."""
    people = ", ".join(names[:NAMED])
    if others := count - len(names[:NAMED]):
        people = f"{people} và {others} người khác"
    return f"{by.user_name} đã thêm {people}" if by else f"{people} đã tham gia"


def left(name: str) -> str:
    return f"{name} đã rời nhóm"


def removed(name: str, by: Person | None) -> str:
    return f"{by.user_name} đã xóa {name} khỏi nhóm" if by else f"{name} không còn trong nhóm"


def renamed(name: str, by: Person | None) -> str:
    return f"{by.user_name} đã đổi tên nhóm thành {name}" if by else f"Nhóm có tên mới: {name}"
