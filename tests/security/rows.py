"""One row for each endpoint: how it is called, and what it refuses to whom."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec
from django.core.files.uploadedfile import SimpleUploadedFile

from chat_project.identifiers import new_id
from tests.conftest import Api
from tests.endpoints import PREFIX


class Target(NamedTuple):
    """What a request is about; each field may fill a parameter of the path."""

    conversation_id: str
    message_id: str
    user_id: str
    student_id: str
    class_id: str
    message_type: str = "Text"


class Kind(Enum):
    """What an endpoint's path or body leads to, and so what a stranger is answered."""

    CONVERSATION = "conversation_not_found"
    MESSAGE = "message_not_found"
    OWN_LIST = "only what one is in oneself"
    FOUNDING = "something of one's own"


Body = Callable[[Target], Any]


@dataclass(frozen=True)
class Row:
    """`reader`: the code that a ReadOnly participant is refused with; None: they may."""

    kind: Kind
    body: Body | None = None
    query: str = ""
    reader: str | None = None
    is_form: bool = False
    """The body goes as a multipart form, with a file."""


def _person(target: Target) -> Any:
    return {"userId": target.user_id, "userName": "Somebody"}


def _founding(**body: Any) -> Any:
    """The founder's token may hold no name."""
    return {"userName": "Somebody", **body}


def _text(target: Target) -> Any:
    return {
        "conversationId": target.conversation_id,
        "content": "Chào",
        "mentions": [{**_person(target), "startIndex": 0, "length": 1}],
        "clientMessageId": new_id(),
    }


ROWS: dict[str, Row] = {
    "POST /messages/text": Row(Kind.CONVERSATION, _text, reader="read_only"),
    "POST /messages/batch": Row(
        Kind.CONVERSATION, lambda target: {"messages": [_text(target)]}, reader="read_only"
    ),
    "POST /messages/attachment": Row(
        Kind.CONVERSATION,
        lambda target: {"conversationId": target.conversation_id, "caption": "Chào"},
        reader="read_only",
        is_form=True,
    ),
    "GET /messages/conversation/{conversation_id}": Row(Kind.CONVERSATION, query="pageSize=5"),
    "GET /messages/conversation/{conversation_id}/search": Row(
        Kind.CONVERSATION, query="searchTerm=a"
    ),
    "GET /messages/conversation/{conversation_id}/pinned": Row(Kind.CONVERSATION),
    "GET /messages/conversation/{conversation_id}/type/{message_type}": Row(Kind.CONVERSATION),
    "GET /messages/conversation/{conversation_id}/mentions/{user_id}": Row(Kind.CONVERSATION),
    "POST /messages/conversation/{conversation_id}/read": Row(
        Kind.CONVERSATION, lambda _: {"upToSeq": 0}
    ),
    "GET /messages/{message_id}": Row(Kind.MESSAGE),
    "PUT /messages/{message_id}": Row(
        Kind.MESSAGE, lambda _: {"content": "Chào"}, reader="read_only"
    ),
    "DELETE /messages/{message_id}": Row(Kind.MESSAGE, reader="not_the_sender"),
    "POST /messages/{message_id}/pin": Row(Kind.MESSAGE, reader="read_only"),
    "POST /messages/{message_id}/unpin": Row(Kind.MESSAGE, reader="read_only"),
    "POST /messages/{message_id}/reactions": Row(Kind.MESSAGE, lambda _: {"emojiCode": "👍"}),
    "DELETE /messages/{message_id}/reactions": Row(Kind.MESSAGE, query=urlencode({"emoji": "👍"})),
    "POST /conversations/one-to-one": Row(
        Kind.FOUNDING,
        lambda target: _founding(otherUserId=target.user_id, otherUserName="Somebody"),
    ),
    "POST /conversations/student-group": Row(
        Kind.FOUNDING,
        lambda target: _founding(
            studentId=target.student_id, studentName="Somebody", parents=[_person(target)]
        ),
    ),
    "POST /conversations/class-group": Row(
        Kind.FOUNDING,
        lambda target: _founding(
            classId=target.class_id, className="Some class", teachers=[_person(target)]
        ),
    ),
    "POST /conversations/teacher-group": Row(
        Kind.FOUNDING, lambda target: _founding(name="Some group", teachers=[_person(target)])
    ),
    "POST /conversations/announcement-channel": Row(
        Kind.FOUNDING, lambda target: _founding(name="Some channel", parents=[_person(target)])
    ),
    "GET /conversations/user/{user_id}": Row(Kind.OWN_LIST),
    "GET /conversations/search": Row(Kind.OWN_LIST, query="searchTerm=a"),
    "GET /conversations/student/{student_id}": Row(Kind.OWN_LIST),
    "GET /conversations/class/{class_id}": Row(Kind.OWN_LIST),
    "GET /conversations/{conversation_id}": Row(Kind.CONVERSATION),
    "PUT /conversations/{conversation_id}": Row(
        Kind.CONVERSATION, lambda _: {"name": "Some name"}, reader="admin_required"
    ),
    "PUT /conversations/{conversation_id}/archive": Row(Kind.CONVERSATION, reader="admin_required"),
    "PUT /conversations/{conversation_id}/unarchive": Row(
        Kind.CONVERSATION, reader="admin_required"
    ),
    "PUT /conversations/{conversation_id}/mute": Row(
        Kind.CONVERSATION, lambda _: {"mutedUntil": None}
    ),
    "PUT /conversations/{conversation_id}/hide": Row(Kind.CONVERSATION),
    "PUT /conversations/{conversation_id}/unhide": Row(Kind.CONVERSATION),
    "GET /conversations/{conversation_id}/participants": Row(Kind.CONVERSATION),
    "POST /conversations/{conversation_id}/participants": Row(
        Kind.CONVERSATION,
        lambda target: {"participants": [_person(target)]},
        reader="admin_required",
    ),
    "DELETE /conversations/{conversation_id}/participants/{user_id}": Row(
        Kind.CONVERSATION, reader="admin_required"
    ),
    "POST /conversations/{conversation_id}/leave": Row(Kind.CONVERSATION),
}
"""By method and path below /api/v1, as `tests.endpoints` writes them."""


def call(
    user: Api, endpoint: str, target: Target, *, query: str | None = None, body: Any = None
) -> Any:
    """Django's response; query and body are the row's unless others are given."""
    row = ROWS[endpoint]
    if body is None and row.body:
        body = row.body(target)
    query = row.query if query is None else query
    if row.is_form and isinstance(body, dict):
        file = SimpleUploadedFile("homework.txt", b"some text")
        path = path_of(endpoint, target) + (f"?{query}" if query else "")
        return user.client.post(path, {**_texts(body), "file": file})
    return user.client.generic(
        endpoint.split(" ")[0],
        path_of(endpoint, target) + (f"?{query}" if query else ""),
        b"" if body is None else msgspec.json.encode(body),
        content_type="application/json",
    )


def _texts(body: dict[str, Any]) -> dict[str, str]:
    """What is no text goes as the text that JSON has for it."""
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in body.items()
    }


def path_of(endpoint: str, target: Target) -> str:
    """With the target's ids in their places."""
    in_path = {name: quote(value, safe="") for name, value in target._asdict().items()}
    return PREFIX + endpoint.split(" ")[1].format(**in_path)


def refusal(response: Any) -> tuple[int, str | None]:
    """Status and code; of a batch those of its first item, as if it had been sent alone."""
    answer = response.json()
    data, error = answer["data"], answer["error"]
    if response.status_code == 200 and isinstance(data, list) and not data[0]["success"]:
        code = data[0]["error"]["code"]
        return _STATUS_OF_ITEM[code], code
    return response.status_code, error["code"] if error else None


_STATUS_OF_ITEM = {
    "conversation_not_found": 404,
    "not_a_participant": 403,
    "read_only": 403,
    "invalid_field": 400,
}
