"""Text as it is compared in a search: `Đỗ Thị Hồng`, `đỗ thị hồng` and `do thi hong` are the same."""

import unicodedata


def fold(text: str) -> str:
    """Without case and combining marks, in whatever form it was encoded; đ, a letter of its own, is d."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(each for each in decomposed if not _is_mark(each))
    return bare.casefold().replace("đ", "d")


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")
