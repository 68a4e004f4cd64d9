"""The name that stands for people who were erased, and texts without a name. Pure (decision 0023)."""

import re
from collections.abc import Collection

from chat_project.texts import utf16_length
from conversations.values import Person

ERASED_NAME = "Người dùng đã xóa"

_BLOCK = "█"


def unmistakable(names: Collection[str]) -> list[str]:
    """Those of two words or more: a single one may be anybody's, or mean something else."""
    return [name for name in names if len(name.split()) > 1]


def pattern_of(names: Collection[str]) -> re.Pattern[str] | None:
    """Finds these names as whole words, in any case; the longest first. None without a name."""
    known = {name.strip() for name in names} - {"", ERASED_NAME}
    if not known:
        return None
    longest_first = sorted(known, key=lambda name: (-len(name), name))
    words = [ERASED_NAME, *longest_first]  # the neutral name is found first, and stays
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)


def without_names(text: str, names: re.Pattern[str] | None) -> str:
    """The neutral name in each one's place."""
    return names.sub(ERASED_NAME, text) if names else text


def with_names_blacked_out(text: str, names: re.Pattern[str] | None) -> str:
    """As long as before in UTF-16 code units: the mentions of other people keep their places."""
    if names is None:
        return text
    return names.sub(
        lambda found: found[0] if found[0] == ERASED_NAME else _BLOCK * utf16_length(found[0]), text
    )


def neutral_people(people: Collection[Person], erased: Collection[str]) -> list[Person]:
    """`erased`: the ids of those among them whose name is not kept."""
    return [
        Person(person.user_id, ERASED_NAME) if person.user_id in erased else person
        for person in people
    ]
