"""The words of a text as search keeps them: who types without diacritics finds what has them. Pure."""

from collections.abc import Iterable
from itertools import islice

from chat_project.words import MAX_WORD_LENGTH, folded_words

__all__ = [
    "MAX_BEGINNING_LENGTH",
    "MAX_WORDS",
    "MAX_WORD_LENGTH",
    "beginning",
    "folded_words",
    "with_beginnings",
]


MAX_WORDS = 1_000
"""Different words of a message that are kept, the first ones: a text of 5,000 units has more only
if they are of four letters and less. Some characters fold to a whole word each."""

MAX_BEGINNING_LENGTH = 8
"""Letters of a beginning that is kept: each is one more entry of the index."""


def with_beginnings(words: Iterable[str]) -> list[str]:
    """Each of the first words and each of their beginnings, once: `hoc` gives `hoc` and `ho*`.

    A beginning has two letters at least, and is shorter than its word.
    """
    found: dict[str, None] = {}
    for word in islice(dict.fromkeys(words), MAX_WORDS):
        found[word] = None
        longest = min(len(word) - 1, MAX_BEGINNING_LENGTH)
        found.update((beginning(word[:length]), None) for length in range(2, longest + 1))
    return list(found)


def beginning(letters: str) -> str:
    """What is kept of all words that begin so: of more letters than are kept, also of others.

    The star, which is in no word, tells it apart from a whole word.
    """
    return f"{letters[:MAX_BEGINNING_LENGTH]}*"
