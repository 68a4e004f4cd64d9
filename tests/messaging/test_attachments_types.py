"""The type of a file and of its message follows from what it holds."""

import pytest

from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.attached import (
    ATTACHMENT,
    HTML,
    PDF,
    SVG,
    box,
    form,
    mp4,
    ogg,
    picture,
    upload,
    wav,
    webm,
    zipped,
)
from tests.messaging.conftest import data_of

pytestmark = pytest.mark.usefixtures("files")


def branded(brand: bytes, *handlers: bytes) -> bytes:
    """An MP4 of a brand; without handlers it says nothing of its tracks."""
    plain = mp4(*handlers)
    return box(b"ftyp", brand + b"\0\0\0\0isommp42mp41") + plain[plain.index(b"mdat") - 4 :]


ENDLESS_MP4 = box(b"ftyp", b"isom\0\0\0\0isommp42") + b"\0\0\0\1free" + b"\xff" * 8


@pytest.mark.parametrize(
    ("content", "message_type", "file_type"),
    [
        pytest.param(picture("PNG"), "Image", "image/png", id="png"),
        pytest.param(picture("JPEG"), "Image", "image/jpeg", id="jpeg"),
        pytest.param(picture("GIF"), "Image", "image/gif", id="gif"),
        pytest.param(picture("WEBP"), "Image", "image/webp", id="webp"),
        pytest.param(picture("AVIF"), "Image", "image/avif", id="avif"),
        pytest.param(picture("BMP"), "Image", "image/bmp", id="bmp"),
        pytest.param(picture("TIFF"), "Image", "image/tiff", id="tiff"),
        pytest.param(mp4(b"vide", b"soun"), "Video", "video/mp4", id="mp4"),
        pytest.param(mp4(), "Video", "video/mp4", id="mp4 without tracks"),
        pytest.param(mp4(b"soun", padding=100_000), "Audio", "audio/mp4", id="mp4 of sound"),
        pytest.param(ENDLESS_MP4, "Video", "video/mp4", id="mp4 with a box of 16 exabytes"),
        pytest.param(branded(b"M4A "), "Audio", "audio/mp4", id="m4a without tracks"),
        pytest.param(branded(b"M4B "), "Audio", "audio/mp4", id="m4b without tracks"),
        pytest.param(branded(b"M4P "), "Audio", "audio/mp4", id="m4p without tracks"),
        pytest.param(branded(b"M4A ", b"vide"), "Video", "video/mp4", id="m4a with pictures"),
        pytest.param(branded(b"M4V ", b"soun"), "Audio", "audio/mp4", id="m4v of sound"),
        pytest.param(webm(b"V_VP9", b"A_OPUS"), "Video", "video/webm", id="webm"),
        pytest.param(webm(b"A_OPUS"), "Audio", "audio/webm", id="webm of sound"),
        pytest.param(ogg(b"OpusHead"), "Audio", "audio/ogg", id="ogg"),
        pytest.param(ogg(b"\x80theora"), "Video", "video/ogg", id="ogg with pictures"),
        pytest.param(wav(), "Audio", "audio/wav", id="wav"),
        pytest.param(b"ID3\3\0\0\0\0\0\0" + bytes(300), "Audio", "audio/mpeg", id="mp3"),
        pytest.param(PDF, "File", "application/pdf", id="pdf"),
        pytest.param(zipped("a.txt"), "File", "application/zip", id="zip"),
        pytest.param(HTML, "File", "application/octet-stream", id="html"),
        pytest.param(SVG, "File", "application/octet-stream", id="svg"),
        pytest.param(b"alert(1)", "File", "application/octet-stream", id="script"),
        pytest.param("Chào".encode(), "File", "application/octet-stream", id="text"),
        pytest.param(b"\0", "File", "application/octet-stream", id="one byte"),
        pytest.param(
            b"GIF89a<script>alert(1)</script>", "File", "application/octet-stream", id="fake gif"
        ),
    ],
)
def test_the_type_follows_from_the_content(
    mai: Api, group: ConversationSettings, content: bytes, message_type: str, file_type: str
) -> None:
    message = data_of(upload(mai, group, content, name="photo.jpg"))

    told = (message["type"], message["attachments"][0]["fileType"])
    assert told == (message_type, file_type)


def test_what_the_client_calls_it_is_not_believed(mai: Api, group: ConversationSettings) -> None:
    body, content_type = form(HTML, {"conversationId": group.id})
    claimed = body.replace(b'filename="a.bin"', b'filename="a.png"\r\nContent-Type: image/png')

    message = data_of(mai.client.generic("POST", ATTACHMENT, claimed, content_type))

    assert message["type"] == "File"
