"""How a file is answered that is fetched by its link: its headers, and a part of it."""

import pytest

from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.attached import HTML, PDF, SVG, body_of, mp4, picture, wav
from tests.messaging.downloading import ANYBODY, refused, sent_file

pytestmark = pytest.mark.usefixtures("files")


@pytest.mark.parametrize(
    ("content", "inline"),
    [
        pytest.param(picture("PNG"), True, id="png"),
        pytest.param(mp4(b"vide"), True, id="mp4"),
        pytest.param(wav(), True, id="wav"),
        pytest.param(picture("TIFF"), False, id="tiff"),
        pytest.param(PDF, False, id="pdf"),
        pytest.param(HTML, False, id="html"),
        pytest.param(SVG, False, id="svg"),
    ],
)
def test_what_could_run_is_saved_and_never_shown(
    mai: Api, group: ConversationSettings, content: bytes, *, inline: bool
) -> None:
    attachment = sent_file(mai, group, content, name="a.html")

    response = ANYBODY.get(attachment["url"])

    assert body_of(response) == content
    kind = "inline" if inline else "attachment"
    assert response.headers["Content-Disposition"] == f'{kind}; filename="a.html"'
    assert response.headers["Content-Type"] == attachment["fileType"]


def test_every_file_is_answered_with_headers_that_keep_it_harmless(
    mai: Api, group: ConversationSettings
) -> None:
    response = ANYBODY.get(sent_file(mai, group, picture())["url"])

    assert body_of(response) == picture()
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert {"sandbox", "default-src 'none'"} <= set(policy)
    assert response.headers["Cache-Control"] == "private, max-age=300"
    assert response.headers["Content-Length"] == str(len(picture()))


CONTENT = bytes(range(256)) * 1_000


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param("bytes=0-0", range(1), id="first byte"),
        pytest.param("bytes=100000-", range(100_000, len(CONTENT)), id="open end"),
        pytest.param("bytes=-10", range(len(CONTENT) - 10, len(CONTENT)), id="last bytes"),
        pytest.param("bytes=5-999999999", range(5, len(CONTENT)), id="beyond the end"),
    ],
)
def test_a_player_may_ask_for_a_part(
    mai: Api, group: ConversationSettings, asked: str, expected: range
) -> None:
    url = sent_file(mai, group, CONTENT)["url"]

    response = ANYBODY.get(url, headers={"Range": asked})

    part = CONTENT[expected.start : expected.stop]
    assert (response.status_code, body_of(response)) == (206, part)
    bounds = f"bytes {expected.start}-{expected.stop - 1}/{len(CONTENT)}"
    assert response.headers["Content-Range"] == bounds
    assert response.headers["Content-Length"] == str(len(part))
    assert response.headers["Content-Disposition"] == 'attachment; filename="a.bin"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=9-3", "x"])
def test_a_range_that_is_none_is_ignored(mai: Api, group: ConversationSettings, asked: str) -> None:
    response = ANYBODY.get(sent_file(mai, group, PDF)["url"], headers={"Range": asked})

    assert (response.status_code, body_of(response)) == (200, PDF)


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=-0"])
def test_a_part_that_does_not_exist_is_416(
    mai: Api, group: ConversationSettings, asked: str
) -> None:
    response = ANYBODY.get(sent_file(mai, group, PDF)["url"], headers={"Range": asked})

    assert refused(response) == (416, "range_not_satisfiable")
    assert response.headers["Content-Range"] == f"bytes */{len(PDF)}"


def test_head_tells_the_size_without_the_file(mai: Api, group: ConversationSettings) -> None:
    response = ANYBODY.head(sent_file(mai, group, PDF)["url"])

    assert (response.status_code, body_of(response)) == (200, b"")
    assert response.headers["Content-Length"] == str(len(PDF))


def test_nothing_but_reading_is_done_with_a_link(mai: Api, group: ConversationSettings) -> None:
    url = sent_file(mai, group, PDF)["url"]

    assert refused(ANYBODY.post(url)) == (405, "method_not_allowed")
    assert refused(ANYBODY.delete(url)) == (405, "method_not_allowed")
