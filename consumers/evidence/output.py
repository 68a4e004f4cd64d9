"""The two forms of an export, written side by side while its records come."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum

import msgspec
from django.utils.safestring import SafeString

from consumers.evidence import page
from consumers.evidence.folder import Folder, HashedFile
from consumers.evidence.records import Record

LINES, PAGE = "export.jsonl", "export.html"


class Format(StrEnum):
    """Which forms are written."""

    JSONL = "jsonl"
    HTML = "html"
    BOTH = "both"


class Output:
    """Takes records as they come; nothing is kept in memory."""

    def __init__(self, lines: HashedFile | None, html: HashedFile | None) -> None:
        self._lines, self._html = lines, html
        self.count = 0
        """Of messages."""

    def line(self, record: Record) -> None:
        """In JSON Lines alone."""
        if self._lines:
            self._lines.write(_encode(record) + b"\n")

    def html(self, part: SafeString | str) -> None:
        """On the page alone."""
        if self._html:
            self._html.text(part)

    def add(self, record: Record) -> None:
        """In both."""
        self.line(record)
        match record["record"]:
            case "conversation":
                self.html(page.conversation_row(record))
            case "participant":
                self.html(page.participant_row(record))
            case "message":
                self.count += 1
                self.html(page.message_article(record))
            case _:
                self.html(page.line_of(record))


def _as_json(value: object) -> object:
    """The driver's Int64 is a number; whatever else BSON knows is told as text."""
    return int(value) if isinstance(value, int) else str(value)


_encode = msgspec.json.Encoder(enc_hook=_as_json).encode


@contextmanager
def writing(
    folder: Folder, chosen: Format, *, title: str, described: dict[str, object]
) -> Iterator[Output]:
    """Begins and ends both forms; the last line tells how many messages there were, so that a part
    is not taken for the whole. Raises OSError."""
    with ExitStack() as stack:
        lines = html = None
        if chosen is not Format.HTML:
            lines = stack.enter_context(folder.file(LINES))
        if chosen is not Format.JSONL:
            html = stack.enter_context(folder.file(PAGE))
        output = Output(lines, html)
        output.line({"record": "export", **described})
        output.html(page.beginning(title, described))
        yield output
        output.line({"record": "end", "messages": output.count})
        output.html(page.heading(f"End: {output.count} messages"))
        output.html(page.END)
