"""The one module that knows Pillow: how large a picture is, and its thumbnail."""

import logging
from io import BytesIO
from threading import Lock
from typing import IO

from PIL import Image, ImageOps

logger = logging.getLogger(__name__)

THUMBNAIL_SIDE = 320
"""Pixels of the longer side, at most."""
THUMBNAIL_TYPE = "image/jpeg"
THUMBNAIL_NAME = "thumbnail.jpg"
_QUALITY = 80

_DRAWN_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
"""Whose header says how much is decoded. A TIFF of 100 x 100 pixels may have a tile of 46,000 x
46,000, an AVIF hold a frame of 16,384 x 16,384."""
_FORMATS = (*_DRAWN_FORMATS, "AVIF", "TIFF")
_WITHOUT_SHADES = ("1", "P", "PA")  # what is between two of their colours has no number
_WHITE = (255, 255, 255, 255)

# Pillow only warns from here on; `count_pixels` is asked before anything is decoded.
Image.MAX_IMAGE_PIXELS = None

_one_at_a_time = Lock()
"""So that a worker never holds more than one decoded picture."""


def count_pixels(file: IO[bytes]) -> int | None:
    """Of one frame, from the header alone; None for what is no readable picture."""
    try:
        file.seek(0)
        with Image.open(file, formats=_FORMATS) as image:
            return image.width * image.height
    except Exception:  # Pillow's readers raise whatever they meet in broken bytes
        return None


def thumbnail(file: IO[bytes]) -> bytes | None:
    """A small JPEG, turned upright, on white, without the picture's metadata.

    None if it is broken, or of a format that could hide its size. Decodes the picture, so
    `count_pixels` must have allowed it. Of a moving one the first frame.
    """
    try:
        file.seek(0)
        with _one_at_a_time, Image.open(file, formats=_DRAWN_FORMATS) as opened:
            image = opened.convert("RGBA") if opened.mode in _WITHOUT_SHADES else opened
            image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
            return _as_jpeg(ImageOps.exif_transpose(image))
    except Exception as error:  # as above
        logger.info("No thumbnail of this picture: %s", error)
        return None


def _as_jpeg(image: Image.Image) -> bytes:
    opaque = image.convert("RGB")
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        opaque = Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), coloured).convert(
            "RGB"
        )
    clean = Image.new("RGB", opaque.size)
    clean.paste(opaque)  # pixels only: `info` has EXIF, profiles and comments
    written = BytesIO()
    clean.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()
