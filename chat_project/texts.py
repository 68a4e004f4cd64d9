"""Texts and ids as all of the product measures them. Pure."""

MAX_ID_LENGTH = 255
"""Characters, of any id but our own."""

MAX_NAME_UTF16_UNITS = 255


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
