"""File names as people may see and save them. Pure."""

import re
import unicodedata

from chat_project.texts import MAX_NAME_UTF16_UNITS, exceeds_utf16

NAMELESS = "file"

MAX_EXTENSION = 20
"""Characters of an extension that a shortened name keeps."""

_PATH = re.compile(r".*[/\\]", re.DOTALL)
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories: controls, halves of surrogate pairs, line and paragraph separators."""
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They let `gpj.exe` look like `exe.jpg`."""


def safe_name(given: str) -> str:
    """The name without path, controls and direction marks, at most 255 UTF-16 units long.

    What is a letter in any language stays as it was given; a long name keeps its extension.
    """
    kept = "".join(each for each in _PATH.sub("", given) if _is_allowed(each))
    name = kept.strip()
    shows_something = any(each.isprintable() for each in name.strip("."))
    return _shortened(name) if shows_something else NAMELESS


def _is_allowed(character: str) -> bool:
    return unicodedata.category(character) not in _FORBIDDEN and character not in _DIRECTIONS


def _shortened(name: str) -> str:
    if not exceeds_utf16(name, MAX_NAME_UTF16_UNITS):
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > MAX_EXTENSION:
        stem, dot, extension = name, "", ""
    while exceeds_utf16(stem + dot + extension, MAX_NAME_UTF16_UNITS):
        stem = stem[:-1]
    return stem + dot + extension
