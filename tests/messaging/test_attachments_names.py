"""The name of a file: what is kept of it, and how an answer writes it."""

import pytest

from conversations.values import ConversationSettings
from messaging.attachments.names import safe_name
from tests.conftest import Api
from tests.messaging.attached import PDF
from tests.messaging.downloading import ANYBODY, sent_file

pytestmark = pytest.mark.usefixtures("files")

NAMES = [
    pytest.param("Đề thi học kỳ 1.pdf", "Đề thi học kỳ 1.pdf", id="Vietnamese"),
    pytest.param("bài 🎒.pdf", "bài 🎒.pdf", id="emoji"),
    pytest.param("../../etc/passwd", "passwd", id="path"),
    pytest.param("C:\\temp\\a.pdf", "a.pdf", id="Windows path"),
    pytest.param("a\u202egpj.exe", "agpj.exe", id="direction"),
    pytest.param("a\x01\x7fb.pdf", "ab.pdf", id="controls"),
    pytest.param("a\u2028b.pdf", "ab.pdf", id="line separator"),
    pytest.param(" a.pdf ", "a.pdf", id="spaces"),
    pytest.param("x" * 300 + ".pdf", "x" * 251 + ".pdf", id="long"),
    pytest.param("🎒" * 200 + ".pdf", "🎒" * 125 + ".pdf", id="long in UTF-16"),
    pytest.param("x." + "y" * 300, "x." + "y" * 253, id="no extension"),
    pytest.param("a/", "file", id="nothing left"),
    pytest.param("/", "file", id="slash"),
    pytest.param("..", "file", id="dots"),
    pytest.param(" .. ", "file", id="dots and blanks"),
    pytest.param("\u200b", "file", id="without width"),
    pytest.param("\x01", "file", id="nothing but controls"),
]


@pytest.mark.parametrize(("given", "kept"), NAMES)
def test_a_name_is_kept_but_for_what_could_deceive(
    mai: Api, group: ConversationSettings, given: str, kept: str
) -> None:
    assert sent_file(mai, group, PDF, name=given)["fileName"] == kept


@pytest.mark.parametrize(("given", "kept"), NAMES)
def test_names_are_so_by_our_own_rule_too(given: str, kept: str) -> None:
    """Django's parser of forms removes some of it before us, which is not promised to stay so."""
    assert safe_name(given) == kept


def test_names_of_all_languages_are_written_as_rfc_5987_says(
    mai: Api, group: ConversationSettings
) -> None:
    response = ANYBODY.get(sent_file(mai, group, PDF, name="Đề thi.pdf")["url"])
    response.close()

    disposition = response.headers["Content-Disposition"]
    assert disposition == "attachment; filename*=utf-8''%C4%90%E1%BB%81%20thi.pdf"
