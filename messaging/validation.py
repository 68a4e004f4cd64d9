"""What a text must be like, each rule with its own error code. Pure: no I/O.

Every function returns nothing and raises InvalidRequest; `details.field` names the field.
"""

from collections.abc import Sequence
from typing import Any

from chat_project.api.errors import InvalidRequest
from chat_project.texts import MAX_NAME_UTF16_UNITS, exceeds_utf16, utf16_length
from messaging.events import MAX_CONTENT_UTF16_UNITS, MAX_MENTIONS
from messaging.requests import MentionRequest, TextRequest


def check_text(request: TextRequest) -> None:
    """All rules that need nothing but the request itself."""
    content = check_content(request.content)
    check_name(request.sender_name, "senderName")
    _check_nul(request.reply_to_message_id or "", "replyToMessageId", "invalid_field")
    if request.mentions:
        check_mentions(request.mentions, content)


def check_content(content: str | None) -> str:
    """Gives the content, which is one now."""
    if content is None or not content.strip():
        raise _wrong("content", "content_empty", "content must not be missing, empty or blank")
    _check_content(content, "content")
    return content


def check_caption(caption: str | None) -> str:
    """The content that a file's message has; a blank one is none."""
    if caption is None or not caption.strip():
        return ""
    _check_content(caption, "caption")
    return caption


def _check_content(text: str, field: str) -> None:
    _check_nul(text, field, "content_has_nul")
    if exceeds_utf16(text, MAX_CONTENT_UTF16_UNITS):
        raise _wrong(
            field,
            "content_too_long",
            f"{field} is over {MAX_CONTENT_UTF16_UNITS} UTF-16 code units",
            limit=MAX_CONTENT_UTF16_UNITS,
        )


def check_mentions(mentions: Sequence[MentionRequest], content: str) -> None:
    if len(mentions) > MAX_MENTIONS:
        raise _wrong(
            "mentions",
            "too_many_mentions",
            f"mentions has {len(mentions)} items; up to {MAX_MENTIONS} are allowed",
            limit=MAX_MENTIONS,
        )
    length = utf16_length(content)
    for index, mention in enumerate(mentions):
        check_name(mention.user_name, f"mentions[{index}].userName")
        end = mention.start_index + mention.length
        if mention.start_index < 0 or mention.length < 0 or end > length:
            raise _wrong(
                f"mentions[{index}]",
                "mention_outside_text",
                f"startIndex and length of mentions[{index}] must lie within the content,"
                f" which has {length} UTF-16 code units",
                limit=length,
            )


def _check_nul(text: str, field: str, code: str) -> None:
    if "\0" in text:
        raise _wrong(field, code, f"{field} must not hold the character U+0000")


def check_name(name: str | None, field: str) -> None:
    _check_nul(name or "", field, "name_has_nul")
    if name and exceeds_utf16(name, MAX_NAME_UTF16_UNITS):
        raise _wrong(
            field,
            "name_too_long",
            f"{field} is over {MAX_NAME_UTF16_UNITS} UTF-16 code units",
            limit=MAX_NAME_UTF16_UNITS,
        )


def check_keys_agree(header_key: str | None, body_key: str | None) -> None:
    if header_key is not None and body_key is not None and header_key != body_key:
        raise _wrong(
            "clientMessageId",
            "idempotency_keys_differ",
            "clientMessageId and the header Idempotency-Key differ: give one of them",
        )


def _wrong(field: str, code: str, problem: str, **details: Any) -> InvalidRequest:
    return InvalidRequest(problem, code=code, details={"field": field, **details})
