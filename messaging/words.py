"""The words of a text as search keeps them: who types without diacritics finds what has them. Pure."""

from collections.abc import Iterable

from chat_project.words import MAX_WORD_LENGTH, folded_words

__all__ = ["MAX_WORD_LENGTH", "beginning", "folded_words", "with_beginnings"]


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
