"""What staff search conversations and people by: the folded words of a name. Pure."""

from chat_project.words import folded_words

MAX_WORDS = 32
"""Of a name; of 255 UTF-16 units only one of single letters has more."""


def search_words(name: str) -> list[str]:
    """Each word once: `Student: Nguyễn Minh Anh` is student, nguyen, minh, anh."""
    return list(dict.fromkeys(folded_words(name)))[:MAX_WORDS]
