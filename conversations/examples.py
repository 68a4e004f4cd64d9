"""Examples of requests and answers for the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

CONVERSATION_ID = "0199aaaa-0001-7000-8000-000000000001"
_FOUNDED_AT = "2025-09-01T07:00:00.000Z"

LAN = {"userId": "parent-1", "userName": "Hoàng Thị Lan"}
DUNG = {"userId": "teacher-1", "userName": "Lê Văn Dũng"}

_PARTICIPANTS = [
    {**LAN, "role": "Member", "joinedAt": _FOUNDED_AT, "lastReadAt": "2025-11-07T10:05:00.000Z"},
    {**DUNG, "role": "Admin", "joinedAt": _FOUNDED_AT, "lastReadAt": None},
]
CONVERSATION: dict[str, Any] = {
    "conversationId": CONVERSATION_ID,
    "type": "StudentGroup",
    "name": "Student: Minh Anh",
    "isActive": True,
    "metadata": {
        "studentId": "student-1",
        "studentName": "Minh Anh",
        "classId": "class-1",
        "className": None,
    },
    "participants": _PARTICIPANTS,
    "participantCount": 2,
    "lastMessage": {
        "messageId": "0199aaaa-1111-7365-88af-8befc5b9af82",
        "seq": 4,
        "senderId": "teacher-1",
        "senderName": "Lê Văn Dũng",
        "content": "Chào cả nhà",
        "sentAt": "2025-11-07T10:00:00.123Z",
    },
    "lastActivityAt": "2025-11-07T10:00:00.123Z",
    "unreadCount": 1,
    "role": "Member",
    "mutedUntil": None,
    "isHidden": False,
    "createdAt": _FOUNDED_AT,
    "createdBy": "teacher-1",
    "updatedAt": _FOUNDED_AT,
}


def answer(name: str, value: Any) -> OpenApiExample:
    """Of the data; the envelope is added (`chat_project.api.schema`)."""
    return OpenApiExample(name, value, response_only=True)


def request(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value, request_only=True)


def page(*items: Any) -> dict[str, Any]:
    return {
        "items": list(items),
        "totalCount": len(items),
        "page": 1,
        "pageSize": 20,
        "totalPages": 1,
        "hasPreviousPage": False,
        "hasNextPage": False,
    }


SHOWN = [answer("A conversation", CONVERSATION)]
LISTED = [answer("A page", page({**CONVERSATION, "participants": []}))]
PARTICIPANTS = [answer("A page", page(*_PARTICIPANTS))]
NOTHING = [request("Nothing to say", {})]
RENAME = [request("A name", {"name": "Tổ Toán"})]
MUTE = [
    request("Until", {"mutedUntil": "2025-11-08T07:00:00Z"}),
    request("No longer", {"mutedUntil": None}),
]
ADD_PARTICIPANTS = [
    request("People", {"participants": [LAN], "role": "Member"}),
    request("One person", {**DUNG, "role": "Admin"}),
]
