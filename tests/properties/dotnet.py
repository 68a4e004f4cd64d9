"""MessageSentEvents as .NET's serializers write them: System.Text.Json and Newtonsoft."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from chat_project.texts import utf16_length
from messaging.events import MESSAGE_TYPES, Attachment, Mention, MessageSentEvent

MAX_VALUE = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)


class Date(NamedTuple):
    """A date as text, and the moment that it means, floored to milliseconds."""

    text: str
    moment: datetime


class Written(NamedTuple):
    """An event as JSON text, and what must be read from it."""

    text: str
    event: MessageSentEvent
    sent_at: datetime


@st.composite
def dates(draw: st.DrawFn) -> Date:
    """DateTime (Z, or no offset) and DateTimeOffset, with 0 to 7 digits; DateTime.MaxValue too."""
    local = draw(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 30)))  # noqa: DTZ001
    local = local.replace(microsecond=0)
    digits = draw(st.integers(0, 7))
    fraction = draw(st.integers(0, 10**digits - 1))
    offset = draw(st.none() | st.just("Z") | st.integers(-14 * 60, 14 * 60))
    text = local.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    text += f".{fraction:0{digits}d}" if digits else ""
    milliseconds = fraction * 1_000 // 10**digits
    moment = local.replace(tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    if isinstance(offset, int):
        hours, minutes = divmod(abs(offset), 60)
        text += f"{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}"
        moment -= timedelta(minutes=offset)
    return Date(text + "Z" if offset == "Z" else text, moment)


any_date = dates() | st.sampled_from(
    [Date(f"9999-12-31T23:59:59.9999999{end}", MAX_VALUE) for end in ("Z", "", "+00:00")]
)

TEXT = st.characters(exclude_categories=["Cs"])
"""Without lone surrogates: .NET writes U+FFFD in their place."""


def texts(most: int, least: int = 0) -> st.SearchStrategy[str]:
    """By UTF-16 code units, as the limits count."""
    written = st.text(TEXT, min_size=least, max_size=40) | st.text("Ă😀<+\\\"'&\x00\n/", min_size=1)
    return written.filter(lambda text: least <= utf16_length(text) <= most)


guids = st.uuids().map(str)
either_case = st.tuples(guids, st.booleans()).map(lambda it: it[0].upper() if it[1] else it[0])
plain_ids = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
ids = either_case | plain_ids

mentions = st.fixed_dictionaries(
    {
        "userId": ids,
        "userName": st.none() | texts(255),
        "startIndex": st.integers(0, 2**31 - 1),
        "length": st.integers(0, 2**31 - 1),
    }
)
attachments = st.fixed_dictionaries(
    {
        "attachmentId": ids,
        "fileName": st.none() | texts(255),
        "fileType": st.none() | texts(255),
        "fileSize": st.none() | st.integers(0, 2**53),
        "url": st.none() | texts(255),
        "thumbnailUrl": st.none() | texts(255),
    }
)
decimals = st.sampled_from(
    ["1E+16", "-0.0", "79228162514264337593543950335", "1.7976931348623157E+308"]
)


class Raw(NamedTuple):
    """Stands in the JSON as it is."""

    text: str


unknown = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | decimals.map(Raw) | texts(255),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(30), inner, max_size=3),
    max_leaves=8,
)
unknown_fields = st.dictionaries(
    st.sampled_from(["$type", "correlationId", "MessageId", "metadata", "schemaVersion", "Ngày"]),
    unknown,
    max_size=3,
)
absent_or = st.just(...)  # a property that is not written at all


@st.composite
def bodies(draw: st.DrawFn) -> tuple[dict[str, Any], Date]:
    """The properties in any order, nulls and unknown ones among them; the sentAt apart."""
    sent_at = draw(any_date)
    files = draw(st.none() | absent_or | st.lists(attachments, max_size=2))
    has_file = isinstance(files, list) and bool(files)
    content = texts(5_000) | st.none() if has_file else texts(5_000)
    optional = {
        "id": guids,
        "occurredOn": any_date.map(lambda date: date.text),
        "senderName": texts(255),
        "replyToMessageId": st.just("") | ids,
        "replyToContent": texts(5_000),
        "replyToSenderName": texts(255),
        "mentions": st.lists(mentions, max_size=3),
        "recipientUserIds": st.lists(ids, max_size=3),
        "type": st.sampled_from(MESSAGE_TYPES),
    }
    fields = {name: draw(st.none() | absent_or | value) for name, value in optional.items()}
    fields |= {name: draw(ids) for name in ("messageId", "conversationId", "tenantId", "senderId")}
    fields |= {"content": draw(content), "sentAt": sent_at.text, "attachments": files}
    written = {name: value for name, value in fields.items() if value is not ...}
    everything = draw(unknown_fields) | written
    return dict(draw(st.permutations(list(everything.items())))), sent_at


@st.composite
def events(draw: st.DrawFn) -> Written:
    body, sent_at = draw(bodies())
    escape, indent = draw(st.sampled_from(ESCAPES)), draw(st.booleans())
    return Written(render(body, escape, indent=indent), expected(body), sent_at.moment)


def expected(body: dict[str, Any]) -> MessageSentEvent:
    """Absent and null are the same, and so is an empty reply id; GUIDs are in lower case."""
    return MessageSentEvent(
        id=body.get("id"),
        occurred_on=body.get("occurredOn"),
        message_id=_canonical(body["messageId"]),
        conversation_id=_canonical(body["conversationId"]),
        tenant_id=_canonical(body["tenantId"]),
        sender_id=_canonical(body["senderId"]),
        sender_name=body.get("senderName"),
        content=body["content"],
        sent_at=body["sentAt"],
        reply_to_message_id=_canonical(body.get("replyToMessageId")) or None,
        reply_to_content=body.get("replyToContent"),
        reply_to_sender_name=body.get("replyToSenderName"),
        mentions=_read(body.get("mentions"), _mention),
        recipient_user_ids=_read(body.get("recipientUserIds"), _canonical),
        type=body.get("type"),
        attachments=_read(body.get("attachments"), _attachment),
    )


def _canonical(value: Any) -> Any:
    is_guid = value is not None and [len(part) for part in value.split("-")] == [8, 4, 4, 4, 12]
    return (
        value.lower() if is_guid and value.replace("-", "").isalnum() and value.isascii() else value
    )


def _read(values: list[Any] | None, one: Callable[..., Any]) -> Any:
    return None if values is None else [one(value) for value in values]


def _mention(value: dict[str, Any]) -> Mention:
    return Mention(
        _canonical(value["userId"]), value["userName"], value["startIndex"], value["length"]
    )


def _attachment(value: dict[str, Any]) -> Attachment:
    names = ("fileName", "fileType", "fileSize", "url", "thumbnailUrl")
    return Attachment(_canonical(value["attachmentId"]), *(value[name] for name in names))


def render(value: Any, escape: Callable[[str], str], *, indent: bool) -> str:
    """JSON with every string written by `escape`."""
    newline = "\r\n  " if indent else ""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, str):
        return f'"{"".join(escape(character) for character in value)}"'
    if isinstance(value, dict):
        pairs = [
            f"{render(name, escape, indent=indent)}:{render(each, escape, indent=indent)}"
            for name, each in value.items()
        ]
        return f"{{{newline}{f',{newline}'.join(pairs)}{newline}}}"
    if isinstance(value, list):
        return f"[{','.join(render(each, escape, indent=indent) for each in value)}]"
    return json.dumps(value)


def _system_text_json(character: str) -> str:
    """JavaScriptEncoder.Default: whatever is not plain ASCII, and what HTML could take wrongly."""
    if character in "<>&'+\"`" or not " " <= character < "\x7f":
        return _SHORT.get(character) or _hexadecimal(character)
    return _SHORT.get(character, character)


def _relaxed(character: str) -> str:
    """UnsafeRelaxedJsonEscaping, and Newtonsoft as it comes: raw Unicode."""
    if character == '"':
        return '\\"'
    return _SHORT.get(character) or (_hexadecimal(character) if character < " " else character)


def _newtonsoft_escaped(character: str) -> str:
    """StringEscapeHandling.EscapeNonAscii, in lower case."""
    if character == '"':
        return '\\"'
    plain = " " <= character < "\x7f"
    return _SHORT.get(character) or (character if plain else _hexadecimal(character).lower())


_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
ESCAPES = [_system_text_json, _relaxed, _newtonsoft_escaped]


def _hexadecimal(character: str) -> str:
    """`\\uXXXX` for each UTF-16 code unit."""
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex().upper()}" for at in range(0, len(units), 2))
