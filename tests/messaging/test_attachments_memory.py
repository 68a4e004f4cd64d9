"""What a picture takes of a worker's memory: no more than its header says, and up to a limit."""

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from conversations.values import ConversationSettings
from messaging.attachments.limits import MAX_PIXELS
from tests.conftest import Api
from tests.messaging.attached import body_of, picture, upload
from tests.messaging.conftest import data_of

pytestmark = pytest.mark.usefixtures("files")

SIDE = 6_000
HIDDEN_PIXELS = SIDE * SIDE

MEASURE = """
import sys
from messaging.attachments.pictures import thumbnail

def peak_kib():
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0])

before = peak_kib()
with open(sys.argv[1], "rb") as file:
    made = thumbnail(file) is not None
print(made, (peak_kib() - before) * 1_024)
"""


def thumbnail_in_a_process_of_its_own(content: bytes, folder: Path) -> tuple[bool, int]:
    """Whether it has one, and how many bytes of memory that took at most."""
    (folder / "picture").write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(folder / "picture")],
        check=True,
        capture_output=True,
        text=True,
    )
    made, taken = done.stdout.split()
    return made == "True", int(taken)


def tiff_of_a_large_tile() -> bytes:
    """100 x 100 grey pixels, in the corner of a tile that holds many more."""
    long, short, deflate = 4, 3, 8
    tile = zlib.compress(bytes(HIDDEN_PIXELS))
    fields = [
        *((256, long, 100), (257, long, 100), (258, short, 8), (259, short, deflate)),
        *((262, short, 1), (277, short, 1), (322, long, SIDE), (323, long, SIDE)),
        *((324, long, 8), (325, long, len(tile))),
    ]
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in fields)
    head = b"II*\0" + struct.pack("<I", 8 + len(tile))
    return head + tile + struct.pack("<H", len(fields)) + directory + bytes(4)


def avif_of_a_large_frame() -> bytes:
    """One whose `ispe`, which readers take for its size, tells 100 x 100 pixels."""
    written = io.BytesIO()
    Image.new("L", (SIDE, SIDE)).save(written, "AVIF", speed=10)
    told, hidden = struct.pack(">II", 100, 100), struct.pack(">II", SIDE, SIDE)
    head, found, rest = written.getvalue().partition(b"ispe" + bytes(4) + hidden)
    assert found
    return head + b"ispe" + bytes(4) + told + rest


@pytest.mark.parametrize("bomb", [tiff_of_a_large_tile, avif_of_a_large_frame])
def test_a_picture_that_hides_its_size_is_not_decoded(
    bomb: Callable[[], bytes], tmp_path: Path
) -> None:
    made, taken = thumbnail_in_a_process_of_its_own(bomb(), tmp_path)

    assert not made
    assert taken < HIDDEN_PIXELS // 2


@pytest.mark.parametrize("file_format", ["TIFF", "AVIF"])
def test_a_picture_of_such_a_format_is_sent_without_a_thumbnail(
    mai: Api, group: ConversationSettings, file_format: str
) -> None:
    content = picture(file_format)

    message = data_of(upload(mai, group, content))

    (attachment,) = message["attachments"]
    assert (message["type"], attachment["thumbnailUrl"]) == ("Image", None)
    assert body_of(mai.client.get(attachment["url"])) == content


@pytest.mark.parametrize(
    ("mode", "file_format", "options", "megabytes"),
    [
        pytest.param("P", "PNG", {}, 480, id="png"),
        pytest.param("RGBA", "WEBP", {"lossless": True, "method": 0}, 850, id="webp"),
    ],
)
def test_the_largest_picture_takes_no_more_than_is_told(
    tmp_path: Path, mode: str, file_format: str, options: dict[str, int], megabytes: int
) -> None:
    written = io.BytesIO()
    Image.new(mode, (8_192, MAX_PIXELS // 8_192)).save(written, file_format, **options)

    made, taken = thumbnail_in_a_process_of_its_own(written.getvalue(), tmp_path)

    assert made
    assert taken <= megabytes * 1_000_000
