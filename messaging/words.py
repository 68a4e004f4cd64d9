"""The words of a text as search keeps them: who types without diacritics finds what has them. Pure."""

import re
from collections.abc import Iterable

from chat_project.folding import fold

MAX_WORD_LENGTH = 32
"""Letters of a word that count; what is longer is an address or no word at all."""

_WORD = re.compile(r"[^\W_]+")
"""Letters and digits of any script; everything else stands between words."""


def folded_words(text: str) -> list[str]:
    """The words in their order, repeated ones included: `Học  sinh, đi!` is hoc, sinh, di."""
    return [word[:MAX_WORD_LENGTH] for word in _WORD.findall(fold(text))]


def with_beginnings(words: Iterable[str]) -> list[str]:
    """Each word and each of its beginnings, once: `hoc` gives `hoc` and `ho*`.

    A beginning has two letters at least and is shorter than its word.
    """
    found: dict[str, None] = {}
    for word in words:
        found[word] = None
        found.update((beginning(word[:length]), None) for length in range(2, len(word)))
    return list(found)


def beginning(letters: str) -> str:
    """The star, which is in no word, tells it apart from a whole word."""
    return f"{letters}*"
