"""One range of a file's bytes (RFC 9110): players of videos ask for nothing else. Pure."""

import re

_ONE_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


class NotSatisfiable(ValueError):
    """416: the range begins after the file's end."""


def range_of(header: str | None, size: int) -> range | None:
    """The bytes that the header Range asks for; None: the whole file.

    What is no single range of bytes is ignored, as the RFC allows. Raises NotSatisfiable.
    """
    asked = _ONE_RANGE.fullmatch((header or "").replace(" ", ""))
    if asked is None or not any(asked.groups()):
        return None
    first, last = asked.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= end:
        raise NotSatisfiable(f"the file has {size} bytes")
    return range(start, end)
