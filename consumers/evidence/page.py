"""An export for people: one page that needs no other host, and can be printed.

Everything that people wrote goes through `format_html`, so it is text and never markup; the page's
own policy allows no script, should that ever fail.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from consumers.evidence.records import LeftOut, Record

_STYLE = """
:root { color-scheme: light; --line: #d5d9e0; --quiet: #5b6472; --tint: #f4f6f9; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 54rem; padding: 1.5rem 1rem 4rem; color: #1b2330; background: #fff;
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.quiet { color: var(--quiet); font-size: .85rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .5rem; text-align: left;
  overflow-wrap: anywhere; vertical-align: top; }
article { border-top: 1px solid var(--line); padding: .75rem 0; break-inside: avoid; }
article header { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: baseline; }
.number { color: var(--quiet); min-width: 2.5rem; font-variant-numeric: tabular-nums; }
.said { margin: .25rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.deleted .said, .System .said { color: var(--quiet); font-style: italic; }
blockquote { margin: .35rem 0; padding: .25rem .75rem; background: var(--tint);
  border-left: 3px solid var(--line); white-space: pre-wrap; overflow-wrap: anywhere; }
ul { margin: .35rem 0 0; padding-left: 1.25rem; font-size: .9rem; }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } details { display: block; }
  a { color: inherit; text-decoration: none; } }
"""

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>{}</title>
<style>{}</style>
</head>
<body>
<h1>{}</h1>
"""

END = "</body>\n</html>\n"


def beginning(title: str, told: Mapping[str, object]) -> SafeString:
    """`told`: what stands in the head of the page, by its name."""
    style = mark_safe(_STYLE)  # noqa: S308  # fixed text
    rows = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", told.items())
    return format_html(_HEAD, title, style, title) + format_html("<table>{}</table>\n", rows)


def heading(text: str) -> SafeString:
    return format_html("<h2>{}</h2>\n", text)


def conversation_row(record: Record) -> SafeString:
    purged = f"; purged up to number {record['purgedSeq']}" if record.get("purgedSeq") else ""
    return format_html(
        '<p><strong>{}</strong> <span class="quiet">{} {}{}</span></p>\n',
        record.get("name", ""),
        record.get("type", ""),
        record["conversationId"],
        purged,
    )


PARTICIPANTS = mark_safe(
    "<table><tr><th>Name</th><th>Id</th><th>Role</th><th>Joined</th><th>Has read up to</th></tr>\n"
)
TABLE_END = mark_safe("</table>\n")


def participant_row(record: Record) -> SafeString:
    read_at = f" ({record['readAt']})" if record.get("readAt") else ""
    cells = (
        record.get("userName", ""),
        record.get("userId", ""),
        record.get("role", ""),
        record.get("joinedAt") or "",
        f"{record.get('readSeq', 0)}{read_at}",
    )
    joined = format_html_join("", "<td>{}</td>", ((cell,) for cell in cells))
    return format_html("<tr>{}</tr>\n", joined)


def message_article(record: Record) -> SafeString:
    kinds = f"{record.get('type', '')} {'deleted' if record['isDeleted'] else ''}".strip()
    return format_html(
        '<article class="{}" id="{}">\n<header><span class="number">{}</span><strong>{}</strong>'
        ' <span class="quiet">{}</span> <time class="quiet">{}</time>{}</header>\n{}'
        '<p class="said">{}</p>\n{}{}{}</article>\n',
        kinds,
        record["messageId"],
        record.get("seq", ""),
        record.get("senderName") or record.get("senderId", ""),
        record.get("senderId", ""),
        record.get("sentAt") or "",
        _marks(record),
        _quote(record),
        record.get("content") or "",
        _attachments(record),
        _reactions(record),
        _history(record),
    )


def files_left_out(left_out: Sequence[LeftOut]) -> SafeString:
    """Nothing if there are none."""
    if not left_out:
        return SafeString()
    line = '<li>{0} <span class="quiet">{1}</span> of <a href="#{2}">{2}</a>: {3}</li>'
    rows = (
        format_html(line, each.file_name, each.attachment_id, each.message_id, each.why)
        for each in left_out
    )
    return heading(f"{len(left_out)} files were not exported") + _listed(rows)


def line_of(record: Record) -> SafeString:
    """A reaction or a mention: what it is of is somebody else's."""
    names = ("sentAt", "reactedAt", "emojiCode", "conversationId", "seq", "messageId")
    told = " · ".join(str(record[name]) for name in names if record.get(name) is not None)
    return format_html('<p class="quiet">{}</p>\n', told)


def _marks(record: Record) -> SafeString:
    told = []
    if record.get("editedAt"):
        told.append(f"edited {record['editedAt']}")
    if record.get("deletedAt"):
        told.append(f"deleted {record['deletedAt']}{_by(record.get('deletedBy'))}")
    if record.get("isPinned"):
        told.append(f"pinned {record.get('pinnedAt', '')}{_by(record.get('pinnedBy'))}")
    return format_html_join("", ' <span class="quiet">{}</span>', ((each,) for each in told))


def _by(user_id: str | None) -> str:
    return f" by {user_id}" if user_id else ""


def _quote(record: Record) -> SafeString:
    quote = record.get("replyTo")
    if not quote:
        return SafeString()
    name, text = quote.get("senderName") or quote.get("messageId", ""), quote.get("content") or "…"
    return format_html('<blockquote><span class="quiet">{}</span>\n{}</blockquote>\n', name, text)


def _attachments(record: Record) -> SafeString:
    return _listed(
        format_html(
            '<li>{}{} <span class="quiet">{}, {} bytes</span></li>',
            each.get("fileName") or each.get("attachmentId", ""),
            _file(each),
            each.get("fileType", ""),
            each.get("fileSize", "?"),
        )
        for each in record.get("attachments", ())
    )


def _file(attachment: Record) -> SafeString | str:
    if file := attachment.get("file"):
        return format_html(' (<a href="{0}">{0}</a>)', file)
    why = attachment.get("fileLeftOut")
    return f" (file not exported: {why})" if why else ""


def _reactions(record: Record) -> SafeString:
    return _listed(
        format_html(
            '<li>{} {} <span class="quiet">{}</span></li>',
            each.get("emojiCode", ""),
            each.get("userName") or each.get("userId", ""),
            each.get("reactedAt", ""),
        )
        for each in record.get("reactions", ())
    )


def _history(record: Record) -> SafeString:
    earlier = record.get("history", ())
    if not earlier:
        return SafeString()
    line = '<p class="quiet">until {}</p><p class="said">{}</p>'
    texts = format_html_join(
        "", line, ((e.get("until", ""), e.get("content", "")) for e in earlier)
    )
    return format_html("<details open><summary>Before it was edited</summary>{}</details>\n", texts)


def _listed(items: Iterable[SafeString]) -> SafeString:
    joined = format_html_join("", "{}", ((item,) for item in items))
    return format_html("<ul>{}</ul>\n", joined) if joined else SafeString()
