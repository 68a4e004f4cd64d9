"""Texts and ids as all of the product measures them. Pure."""

import re

MAX_ID_LENGTH = 255
"""Characters, of any id but our own."""

MAX_NAME_UTF16_UNITS = 255

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
"""Unicode's category Cc, line breaks and tabs included, and marks that turn the direction of what
follows: a name with them can look like another one."""


def utf16_length(text: str) -> int:
    """Code units as .NET and JavaScript count them; all limits of what people write are in these."""
    return len(text) + sum(1 for character in text if character > "\uffff")


def exceeds_utf16(text: str, limit: int) -> bool:
    """Whether the text has more UTF-16 code units than `limit`; cheap for short texts."""
    return 2 * len(text) > limit and utf16_length(text) > limit


def is_unicode(text: str) -> bool:
    """Whether it has a UTF-8 form: JSON can smuggle in half of a surrogate pair, which is no
    character."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def has_controls(text: str) -> bool:
    """Whether it holds a control character, a line break or a mark of direction."""
    return _CONTROLS.search(text) is not None


def without_controls(text: str) -> str:
    """A name that comes from elsewhere: without them, with a blank for line breaks and tabs."""
    return _CONTROLS.sub(lambda found: " " if found[0].strip() != found[0] else "", text).strip()
