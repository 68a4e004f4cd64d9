"""What a file is, told by its content alone: neither its name nor its sender is believed."""

from typing import IO

import filetype
import msgspec

from messaging.attachments.containers import has_only_sound, is_mp4
from messaging.attachments.limits import LIMIT_BYTES, MAX_PIXELS
from messaging.attachments.pictures import count_pixels

UNKNOWN = "application/octet-stream"
HEAD_BYTES = 65_536

_PICTURES = frozenset(
    f"image/{name}" for name in ("jpeg", "png", "gif", "webp", "bmp", "avif", "tiff")
)
_OTHER_NAMES = {"audio/x-wav": "audio/wav", "audio/x-flac": "audio/flac"}
_ONLY_SOUND = {
    "video/webm": "audio/webm",
    "video/x-matroska": "audio/x-matroska",
    "video/mp4": "audio/mp4",
    "video/x-m4v": "audio/mp4",
    "video/3gpp": "audio/3gpp",
    "video/quicktime": "audio/mp4",
}
_WITH_PICTURES = {"audio/ogg": "video/ogg", "audio/mp4": "video/mp4"}

SHOWN_INLINE = frozenset(
    {
        *(f"image/{name}" for name in ("jpeg", "png", "gif", "webp", "bmp", "avif")),
        *(f"video/{name}" for name in ("mp4", "webm", "ogg", "quicktime")),
        *(f"audio/{name}" for name in ("mpeg", "mp4", "ogg", "webm", "wav", "aac", "flac")),
    }
)
"""Types that a browser shows and never runs; everything else is saved."""


class Kind(msgspec.Struct, frozen=True):
    """A media type, and the message type that follows from it."""

    file_type: str
    message_type: str


def kind_of(file: IO[bytes], size: int) -> Kind:
    """Reads the beginning, and of an MP4 the index; leaves the position anywhere.

    A picture that cannot be read, or that has too many pixels to be shown, is a File, so that no
    client opens it unasked. One of more bytes than any may have is not looked into.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file_type = _file_type(head)
    if file_type in _PICTURES:
        if size > LIMIT_BYTES["Image"]:
            return Kind(file_type, "Image")
        pixels = count_pixels(file)
        if pixels is None:
            return Kind(UNKNOWN, "File")
        return Kind(file_type, "Image" if pixels <= MAX_PIXELS else "File")
    if not file_type.startswith(("audio/", "video/")):
        return Kind(file_type, "File")
    if has_only_sound(file, size, head, file_type):
        return Kind(_ONLY_SOUND.get(file_type, file_type), "Audio")
    return Kind(_WITH_PICTURES.get(file_type, file_type), "Video")


def _file_type(head: bytes) -> str:
    guessed: str | None = filetype.guess_mime(head)
    if guessed is None and is_mp4(head) and head[8:10] == b"3g":
        return "video/3gpp"
    return _OTHER_NAMES.get(guessed or UNKNOWN, guessed or UNKNOWN)
