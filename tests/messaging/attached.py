"""Files as clients send them, and what a test wants to know of what became of them."""

import io
import struct
import wave
import zipfile
from pathlib import Path
from typing import IO, Any

import msgspec
from django.conf import settings
from PIL import Image

from chat_project.identifiers import new_id
from chat_project.wsgi import application
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import error_of, records_in

ATTACHMENT = "/api/v1/messages/attachment"

MEGABYTE = 1_000_000

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
HTML = b"<!DOCTYPE html><html><script>alert(document.cookie)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(file_format: str = "PNG", size: tuple[int, int] = (640, 400), **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, file_format, **options)
    return written.getvalue()


def box(kind: bytes, content: bytes) -> bytes:
    """A box of an MP4."""
    return struct.pack(">I4s", 8 + len(content), kind) + content


def mp4(*handlers: bytes, padding: int = 0) -> bytes:
    """With a track for each handler (`vide`, `soun`); its index stands behind the data."""
    tracks = [box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + each))) for each in handlers]
    data = box(b"mdat", bytes(padding))
    return box(b"ftyp", b"isom\0\0\0\0isommp42") + data + box(b"moov", b"".join(tracks))


def webm(*codecs: bytes) -> bytes:
    head = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm"
    return head + b"".join(b"\x86" + bytes([0x80 + len(each)]) + each for each in codecs)


def ogg(codec: bytes) -> bytes:
    return b"OggS\0\x02" + bytes(20) + b"\x01\x13" + codec + bytes(30)


def wav() -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setparams((1, 2, 8_000, 0, "NONE", ""))
        sound.writeframes(bytes(1_000))
    return written.getvalue()


def zipped(*names: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return written.getvalue()


def form(
    content: bytes | None, fields: dict[str, str], *, disposition: str = 'filename="a.bin"'
) -> tuple[bytes, str]:
    """A multipart body, byte by byte as given, and its Content-Type."""
    boundary = f"----{new_id()}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if content is not None:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; {disposition}\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), (
        f"multipart/form-data; boundary={boundary}"
    )


def upload(
    user: Api,
    group: ConversationSettings,
    content: bytes | None,
    *,
    name: str = "a.bin",
    key: str | None = None,
    **fields: str,
) -> Any:
    """The answer to a file in a conversation."""
    given = {"conversationId": group.id, **fields}
    body, content_type = form(content, given, disposition=f'filename="{name}"')
    headers = {"Idempotency-Key": key} if key else {}
    return user.client.generic("POST", ATTACHMENT, body, content_type, headers=headers)


def call(
    user: Api, path: str, body: IO[bytes], content_type: str, length: int
) -> tuple[int, dict[str, Any]]:
    """A POST as the server hands it over: Django's test client reads a body to its end itself."""
    statuses: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(length),
        "HTTP_AUTHORIZATION": f"Bearer {user.token}",
        "wsgi.input": body,
        "wsgi.url_scheme": "http",
    }
    response: Any = application(environ, lambda status, _headers: statuses.append(status))
    content = b"".join(response)
    response.close()
    return int(statuses[0].split()[0]), msgspec.json.decode(content)


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, error_of(response)["code"]


def events_of(group: ConversationSettings) -> list[dict[str, Any]]:
    return [msgspec.json.decode(record.value() or b"") for record in records_in(group.id)]


def body_of(response: Any) -> bytes:
    """Of a download, whether it is streamed or not; closes it."""
    content = b"".join(response) if response.streaming else response.content
    response.close()
    return content


def files_on_disk() -> list[Path]:
    """What is in the folder of this test, uploads on their way included."""
    folder = Path(settings.ATTACHMENT_INCOMING).parent
    return sorted(path for path in folder.rglob("*") if path.is_file())
