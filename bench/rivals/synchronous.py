"""The same endpoint as the replaced service had it: two MongoDB writes inside the request.

Everything else is the product's own: token, checks, cached permission, answer (contract section 1).
"""

from typing import Any

from django.urls import re_path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from chat_project.api.bodies import read_json
from chat_project.api.errors import ApiError
from chat_project.mongodb import collection
from chat_project.timestamps import now, parse_timestamp
from messaging.admission import admit
from messaging.drafts import Admitted, draft_of, sending_dto
from messaging.requests import TEXT_BODY_LIMIT_BYTES, TextRequest


class SynchronousViewSet(ViewSet):
    def text(self, request: Request) -> Response:
        user: Any = request.user
        asked = read_json(request, TextRequest, TEXT_BODY_LIMIT_BYTES)
        (outcome,) = admit([draft_of(user, asked, None, now=now())])
        if isinstance(outcome, ApiError):
            raise outcome
        _store(outcome)
        return Response(sending_dto(outcome))


def _store(admitted: Admitted) -> None:
    """The number comes from the conversation, as there is nobody else to give it."""
    draft, record = admitted.draft, admitted.draft.record
    sent_at = parse_timestamp(admitted.sent_at)
    message = {
        "messageId": draft.message_id,
        "senderId": record.sender_id,
        "senderName": admitted.sender_name,
        "content": draft.content,
        "sentAt": sent_at,
    }
    before = collection("conversations").find_one_and_update(
        {"_id": record.conversation_id},
        {"$inc": {"lastSeq": 1}, "$set": {"lastMessage": message}},
        {"lastSeq": 1},
    )
    collection("messages").insert_one(
        {
            "_id": draft.message_id,
            "conversationId": record.conversation_id,
            "tenantId": record.tenant_id,
            "seq": (before or {}).get("lastSeq", 0) + 1,
            "senderId": record.sender_id,
            "senderName": admitted.sender_name,
            "type": "Text",
            "content": draft.content,
            "status": "Sent",
            "sentAt": sent_at,
        }
    )


urlpatterns = [
    re_path(r"^api/v1/messages/text$", SynchronousViewSet.as_view({"post": "text"})),
]
