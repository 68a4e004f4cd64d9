"""Containers that hold sound alone or pictures too: the first bytes are the same for both.

Voice messages of browsers and phones are such files: WebM, Ogg or MP4 without pictures.
"""

import re
import struct
from typing import IO

MAX_BOXES = 100
MAX_INDEX_BYTES = 1_000_000
"""Of an MP4's index that is looked at: it begins with its tracks."""

_HANDLER = re.compile(rb"hdlr.{8}(vide|soun)", re.DOTALL)
_CODEC = re.compile(rb"\x86[\x81-\xff]([VA])_")  # Matroska's CodecID: `V_VP9`, `A_OPUS`
_OGG_VIDEO = (b"\x80theora", b"BBCD\0")
_BRANDS_OF_SOUND = (b"M4A ", b"M4B ", b"M4P ")


def is_mp4(head: bytes) -> bool:
    return head[4:8] == b"ftyp"


def has_only_sound(file: IO[bytes], size: int, head: bytes, file_type: str) -> bool:
    """`head`: the first of the `size` bytes of `file`. Of an MP4 that says nothing of its tracks the
    brand decides; anything else that does not has pictures. Moves the file's position.
    """
    if is_mp4(head):
        handlers = _mp4_handlers(file, size)
        return handlers == {b"soun"} if handlers else head[8:12] in _BRANDS_OF_SOUND
    if file_type in ("video/webm", "video/x-matroska"):
        return set(_CODEC.findall(head)) == {b"A"}
    if file_type == "audio/ogg":
        return not any(mark in head for mark in _OGG_VIDEO)
    return not file_type.startswith("video/")


def _mp4_handlers(file: IO[bytes], file_size: int) -> set[bytes]:
    """What the tracks are, from the index (`moov`), which may stand at the end.

    A box may say that it is larger than any file: behind it there is nothing.
    """
    place = 0
    for _ in range(MAX_BOXES):
        file.seek(place)
        header = file.read(16)
        if len(header) < 8:
            break
        size, kind = struct.unpack(">I4s", header[:8])
        if size == 1 and len(header) == 16:
            (size,) = struct.unpack(">Q", header[8:])
        if kind == b"moov":
            return set(_HANDLER.findall(file.read(min(size, MAX_INDEX_BYTES))))
        if size < 8 or place + size > file_size:
            break
        place += size
    return set()
