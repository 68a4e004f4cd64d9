"""Examples of requests and answers for the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

CONVERSATION_ID = "0199aaaa-0001-7000-8000-000000000001"
MESSAGE_ID = "0199aaaa-1111-7365-88af-8befc5b9af82"
_KEY = "0199aaaa-1111-7222-8333-444455556666"
_SENT_AT = "2025-11-07T10:00:00.123Z"

MESSAGE: dict[str, Any] = {
    "messageId": MESSAGE_ID,
    "conversationId": CONVERSATION_ID,
    "seq": 4,
    "senderId": "teacher-1",
    "senderName": "Lê Văn Dũng",
    "content": "Chào cả nhà",
    "type": "Text",
    "attachments": [],
    "replyTo": None,
    "mentions": [],
    "reactions": [],
    "status": "Sent",
    "sentAt": _SENT_AT,
    "editedAt": None,
    "isDeleted": False,
    "isPinned": False,
    "pinnedBy": None,
    "pinnedAt": None,
    "readReceipts": [],
    "readCount": 0,
    "failureReason": None,
}
SENDING = {**MESSAGE, "seq": None, "status": "Sending"}
_READ = {
    **MESSAGE,
    "status": "Read",
    "readReceipts": [{"userId": "parent-1", "readAt": "2025-11-07T10:05:00.000Z"}],
    "readCount": 1,
}
TEXT: dict[str, Any] = {
    "conversationId": CONVERSATION_ID,
    "senderId": "teacher-1",
    "senderName": "Lê Văn Dũng",
    "content": "Chào cả nhà, @Lan",
    "mentions": [
        {"userId": "parent-1", "userName": "Hoàng Thị Lan", "startIndex": 13, "length": 4}
    ],
    "clientMessageId": _KEY,
}
_LIMITED = {
    "code": "rate_limited",
    "message": "You send more than 5 messages a second after a burst of 100; this one was not sent."
    " Send it again in 1 s.",
    "details": {
        "scope": "sender",
        "messagesPerSecond": 5.0,
        "burst": 100,
        "retryAfterSeconds": 1,
    },
}


def answer(name: str, value: Any) -> OpenApiExample:
    """Of the data; the envelope is added (`chat_project.api.schema`)."""
    return OpenApiExample(name, value, response_only=True)


def request(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value, request_only=True)


SEND_TEXT = [request("A text", TEXT), answer("Accepted, not yet stored", SENDING)]
_FILE = {
    "attachmentId": "0199aaaa-2222-7365-88af-8befc5b9af82",
    "fileName": "bài tập.pdf",
    "fileType": "application/pdf",
    "fileSize": 52_480,
    "url": "/api/v1/attachments/0199aaaa-2222-7365-88af-8befc5b9af82?token=…",
    "thumbnailUrl": None,
}
SEND_ATTACHMENT = [
    OpenApiExample(
        "A file with a caption",
        {"conversationId": CONVERSATION_ID, "caption": "Bài tập tuần này", "file": "(its bytes)"},
        request_only=True,
        media_type="multipart/form-data",
    ),
    answer(
        "Accepted, not yet stored",
        {**SENDING, "content": "Bài tập tuần này", "type": "File", "attachments": [_FILE]},
    ),
]
SEND_BATCH = [
    request("Two texts", {"messages": [TEXT, {**TEXT, "clientMessageId": "k-2"}]}),
    answer("One accepted", {"success": True, "data": SENDING, "error": None}),
    answer("One refused", {"success": False, "data": None, "error": _LIMITED}),
]
OUTCOME = [
    answer("Stored", MESSAGE),
    answer("Read by another", _READ),
    answer("On its way (to its sender)", {**SENDING, "content": None}),
    answer(
        "Not stored (to its sender)",
        {**SENDING, "content": None, "status": "Failed", "failureReason": "unknown_conversation"},
    ),
]
HISTORY = [
    answer(
        "The newest",
        {"messages": [MESSAGE], "hasMore": True, "oldestMessageTimestamp": _SENT_AT},
    )
]
PAGE = [
    answer(
        "The first of two pages",
        {
            "items": [MESSAGE],
            "totalCount": 21,
            "page": 1,
            "pageSize": 20,
            "totalPages": 2,
            "hasPreviousPage": False,
            "hasNextPage": True,
        },
    )
]
EDIT = [
    request("A new text", {"content": "Chào cả lớp"}),
    answer("Edited", {**MESSAGE, "content": "Chào cả lớp", "editedAt": "2025-11-07T10:02:00.000Z"}),
]
DELETE = [answer("Deleted", {**MESSAGE, "content": "[Message deleted]", "isDeleted": True})]
PIN = [
    request("Nothing to say", {}),
    answer(
        "Pinned",
        {
            **MESSAGE,
            "isPinned": True,
            "pinnedBy": "teacher-1",
            "pinnedAt": "2025-11-07T10:03:00.000Z",
        },
    ),
]
UNPIN = [request("Nothing to say", {}), answer("Not pinned", MESSAGE)]
REACT = [
    request("A thumb", {"emojiCode": "👍"}),
    answer(
        "With the reaction",
        {
            **MESSAGE,
            "reactions": [
                {
                    "emojiCode": "👍",
                    "userId": "parent-1",
                    "userName": "Hoàng Thị Lan",
                    "reactedAt": "2025-11-07T10:04:00.000Z",
                }
            ],
        },
    ),
]
UNREACT = [answer("Without it", MESSAGE)]
MARK_READ = [
    request("Up to a message", {"upToSeq": 4}),
    request("Everything that is stored", {}),
    answer(
        "Read",
        {
            "conversationId": CONVERSATION_ID,
            "userId": "parent-1",
            "upToSeq": 4,
            "readAt": "2025-11-07T10:05:00.000Z",
        },
    ),
]
