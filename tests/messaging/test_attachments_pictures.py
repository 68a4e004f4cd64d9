"""Pictures: their thumbnails, and those that are too large or broken."""

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from conversations.values import ConversationSettings
from messaging.attachments.limits import MAX_PIXELS
from messaging.attachments.pictures import THUMBNAIL_SIDE
from tests.conftest import Api
from tests.messaging.attached import body_of, files_on_disk, picture, upload
from tests.messaging.conftest import data_of

pytestmark = pytest.mark.usefixtures("files")

ORIENTATION = 0x0112
MAKER = 0x010F


def thumbnail_of(user: Api, group: ConversationSettings, content: bytes) -> Image.Image:
    (attachment,) = data_of(upload(user, group, content))["attachments"]
    response = user.client.get(attachment["thumbnailUrl"])
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Content-Disposition"] == 'inline; filename="thumbnail.jpg"'
    return Image.open(io.BytesIO(body_of(response)))


def saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    written = io.BytesIO()
    image.save(written, file_format, **options)
    return written.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A picture of so many pixels in a few bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(10_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_a_picture_has_a_small_jpeg_of_its_shape(
    mai: Api, group: ConversationSettings, file_format: str
) -> None:
    small = thumbnail_of(mai, group, picture(file_format, (1_280, 640)))

    assert (small.format, small.size) == ("JPEG", (THUMBNAIL_SIDE, THUMBNAIL_SIDE // 2))
    red, green, blue = small.convert("RGB").getpixel((100, 100))  # type: ignore[misc]
    assert abs(red - 0) + abs(green - 128) + abs(blue - 128) < 20


def test_a_small_picture_is_not_made_larger(mai: Api, group: ConversationSettings) -> None:
    assert thumbnail_of(mai, group, picture(size=(20, 10))).size == (20, 10)


def test_a_photo_is_turned_upright_and_loses_what_the_camera_wrote(
    mai: Api, group: ConversationSettings
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[MAKER] = "Camera of the school"
    photo = saved(Image.new("RGB", (640, 320)), "JPEG", exif=exif, comment=b"room 12")
    assert b"Camera of the school" in photo

    small = thumbnail_of(mai, group, photo)

    assert small.size == (THUMBNAIL_SIDE // 2, THUMBNAIL_SIDE)
    assert (dict(small.getexif()), small.info.get("comment")) == ({}, None)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_pixels_has_a_thumbnail(
    mai: Api, group: ConversationSettings, mode: str
) -> None:
    assert thumbnail_of(mai, group, saved(Image.new(mode, (40, 40)), "PNG")).mode == "RGB"


def test_cmyk_has_one_too(mai: Api, group: ConversationSettings) -> None:
    assert thumbnail_of(mai, group, saved(Image.new("CMYK", (40, 40)), "JPEG")).mode == "RGB"


def test_a_photo_with_a_second_picture_in_it_has_one(mai: Api, group: ConversationSettings) -> None:
    front, depth = Image.new("RGB", (640, 320), "white"), Image.new("RGB", (20, 10))
    photo = saved(front, "MPO", save_all=True, append_images=[depth])

    assert thumbnail_of(mai, group, photo).size == (THUMBNAIL_SIDE, THUMBNAIL_SIDE // 2)


def test_what_is_transparent_becomes_white(mai: Api, group: ConversationSettings) -> None:
    clear = saved(Image.new("RGBA", (40, 40), (255, 0, 0, 0)), "PNG")

    assert thumbnail_of(mai, group, clear).getpixel((20, 20)) == (255, 255, 255)


def test_of_a_moving_picture_it_is_the_first_frame(mai: Api, group: ConversationSettings) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("white", "black")]
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert thumbnail_of(mai, group, moving).getpixel((20, 20)) == (255, 255, 255)


def test_a_picture_of_too_many_pixels_is_a_file(mai: Api, group: ConversationSettings) -> None:
    bomb = data_of(upload(mai, group, png_header(8_193, 6_144)))
    huge = data_of(upload(mai, group, png_header(2**31 - 1, 2**31 - 1)))

    for message in (bomb, huge):
        (attachment,) = message["attachments"]
        assert (message["type"], attachment["thumbnailUrl"]) == ("File", None)
        response = mai.client.get(attachment["url"])
        response.close()
        assert response.headers["Content-Disposition"].startswith("attachment;")
    assert MAX_PIXELS < 8_193 * 6_144
    assert len(files_on_disk()) == 2


def test_the_largest_picture_is_still_one(mai: Api, group: ConversationSettings) -> None:
    assert data_of(upload(mai, group, png_header(8_192, 6_144)))["type"] == "Image"


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_a_broken_picture_is_sent_without_a_thumbnail(
    mai: Api, group: ConversationSettings, file_format: str
) -> None:
    whole = picture(file_format, (640, 400))

    for length in (12, 60, len(whole) // 2):
        message = data_of(upload(mai, group, whole[:length]))
        assert message["type"] in ("Image", "File")
        assert body_of(mai.client.get(message["attachments"][0]["url"])) == whole[:length]
