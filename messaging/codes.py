"""What the error codes of messages mean, for the OpenAPI document."""

from chat_project.api.codes import Code, Codes
from messaging.attachments.limits import LIMIT_BYTES, MAX_FILE_BYTES, MAX_REQUEST_BYTES
from messaging.changes import MAX_REACTIONS, MAX_REACTIONS_OF_A_USER
from messaging.events import MAX_CONTENT_UTF16_UNITS, MAX_MENTIONS
from messaging.requests import MAX_BATCH_SIZE
from messaging.search import MAX_TERM_UTF16_UNITS

_MESSAGE = {"messageId": "0199aaaa-1111-7365-88af-8befc5b9af82"}


def _too_large(kind: str, limit_bytes: int) -> Code:
    details = {"field": "file", "limitBytes": limit_bytes}
    return Code(413, f"{kind} is over {limit_bytes:,} bytes.", details)


CODES: Codes = {
    "malformed_multipart": Code(400, "The body is no complete multipart form."),
    "file_missing": Code(400, "The form must have a file.", {"field": "file"}),
    "file_empty": Code(400, "The file must not be empty.", {"field": "file"}),
    "one_file": Code(400, "The form must have one file.", {"field": "file"}),
    "link_invalid": Code(403, "This is no link of this service: ask for the message again."),
    "link_expired": Code(403, "The link has expired: ask for the message again."),
    "attachment_not_found": Code(404, "There is no such attachment, or its message is deleted."),
    "image_too_large": _too_large("An Image", LIMIT_BYTES["Image"]),
    "audio_too_large": _too_large("An Audio", LIMIT_BYTES["Audio"]),
    "video_too_large": _too_large("A Video", LIMIT_BYTES["Video"]),
    "file_too_large": _too_large("A File", LIMIT_BYTES["File"]),
    "attachment_too_large": _too_large("Any file", MAX_FILE_BYTES),
    "request_too_large": _too_large("The form", MAX_REQUEST_BYTES),
    "storage_unavailable": Code(
        503, "The storage of files does not answer; nothing was sent. Send it again."
    ),
    "content_empty": Code(
        400, "content must not be missing, empty or blank.", {"field": "content"}
    ),
    "content_too_long": Code(
        400,
        f"content is over {MAX_CONTENT_UTF16_UNITS:,} UTF-16 code units.",
        {"field": "content", "limit": MAX_CONTENT_UTF16_UNITS},
    ),
    "content_has_nul": Code(400, "content must not hold U+0000.", {"field": "content"}),
    "too_many_mentions": Code(
        400,
        f"Up to {MAX_MENTIONS} mentions are allowed.",
        {"field": "mentions", "limit": MAX_MENTIONS},
    ),
    "mention_outside_text": Code(
        400,
        "startIndex and length must lie within the content.",
        {"field": "mentions[0]", "limit": 11},
    ),
    "name_has_nul": Code(400, "A name must not hold U+0000.", {"field": "senderName"}),
    "idempotency_keys_differ": Code(
        400,
        "clientMessageId and the header Idempotency-Key differ: give one of them.",
        {"field": "clientMessageId"},
    ),
    "reply_to_other_conversation": Code(
        400,
        "replyToMessageId is a message of another conversation.",
        {"field": "replyToMessageId"},
    ),
    "batch_size": Code(
        400,
        f"A batch has 1 to {MAX_BATCH_SIZE} messages.",
        {"field": "messages", "limit": MAX_BATCH_SIZE},
    ),
    "cursors_exclude_each_other": Code(
        400, "Give one of beforeTimestamp, beforeSeq and afterSeq.", {"field": "afterSeq"}
    ),
    "search_term_empty": Code(
        400, "searchTerm must hold a letter or a digit.", {"field": "searchTerm"}
    ),
    "search_term_too_long": Code(
        400,
        f"searchTerm is over {MAX_TERM_UTF16_UNITS} UTF-16 code units.",
        {"field": "searchTerm"},
    ),
    "not_the_sender": Code(403, "Only its sender may do this."),
    "message_not_found": Code(404, "There is no such message."),
    "message_failed": Code(409, "The message could not be stored."),
    "message_deleted": Code(409, "The message is deleted."),
    "too_many_reactions": Code(
        409,
        f"A message has up to {MAX_REACTIONS:,} reactions, {MAX_REACTIONS_OF_A_USER} of one user.",
        {"limit": MAX_REACTIONS, "limitOfAUser": MAX_REACTIONS_OF_A_USER},
    ),
    "system_message": Code(409, "A System message is not edited."),
    "edit_window_over": Code(409, "The time for editing is over."),
    "message_too_large": Code(
        413, "The message is larger than Kafka's topic allows; it was not sent.", _MESSAGE
    ),
    "rate_limited": Code(
        429,
        "More messages than the limit allows; not sent. Send it again after Retry-After.",
        {"scope": "sender", "messagesPerSecond": 5.0, "burst": 100, "retryAfterSeconds": 1},
    ),
    "message_outcome_unknown": Code(
        503,
        "Kafka did not acknowledge the message in time. It may still be stored: ask, or send it again"
        " with the same key. Until then nothing of it is changed.",
        _MESSAGE,
    ),
    "change_outcome_unknown": Code(
        503,
        "Kafka did not acknowledge in time. It may still be applied: send it again.",
        _MESSAGE,
    ),
    "kafka_unavailable": Code(503, "Kafka does not answer; not sent. Send it again.", _MESSAGE),
    "queue_full": Code(503, "Too many wait for Kafka; not sent. Send it again.", _MESSAGE),
    "kafka_not_authorized": Code(503, "Kafka does not let this service write; not sent.", _MESSAGE),
    "kafka_rejected": Code(503, "Kafka refuses the record; not sent.", _MESSAGE),
    "accepting_paused": Code(
        503, "Sending is paused for maintenance; not sent. Send it again.", _MESSAGE
    ),
    "partitions_differ": Code(
        503, "This server has an old number of partitions; not sent. Send it again.", _MESSAGE
    ),
}
