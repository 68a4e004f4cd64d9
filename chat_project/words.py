"""The words of a text as it is searched: who types without diacritics finds what has them. Pure."""

import re

from chat_project.folding import fold

MAX_WORD_LENGTH = 32
"""Letters of a word that count; what is longer is an address or no word at all."""

_WORD = re.compile(r"[^\W_]+")
"""Letters and digits of any script; everything else stands between words."""


def folded_words(text: str) -> list[str]:
    """The words in their order, repeated ones included: `Học  sinh, đi!` is hoc, sinh, di."""
    return [word[:MAX_WORD_LENGTH] for word in _WORD.findall(fold(text))]
