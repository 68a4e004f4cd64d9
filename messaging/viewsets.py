"""The doors of `/api/v1/messages`: read the request, call one function, answer."""

from typing import Any, ClassVar, cast

import pymongo
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from typing_extensions import override

from chat_project.api.bodies import read_body, read_json
from chat_project.api.lean import LeanViewSet, answer
from chat_project.api.query import parameters
from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id
from messaging import schema
from messaging.history import history, history_request
from messaging.ownership import check_parameters
from messaging.requests import (
    BATCH_BODY_LIMIT_BYTES,
    TEXT_BODY_LIMIT_BYTES,
    TextRequest,
    read_batch,
)
from messaging.selectors import message_outcome
from messaging.services import send_batch, send_text

DATABASE_SECONDS = 2.0
"""For all that one request asks of MongoDB: a hanging one must not hold every thread."""


class MessageViewSet(LeanViewSet):
    lean: ClassVar[frozenset[str]] = frozenset({"text", "batch"})
    lookup_url_kwarg = "message_id"
    lookup_value_regex = "[^/]+"

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with pymongo.timeout(DATABASE_SECONDS):
            return super().dispatch(request, *args, **kwargs)

    @override
    def check_request(self, user: TokenUser, request: HttpRequest) -> None:
        check_parameters(user, parameters(request))

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_parameters(_user(request), parameters(request))

    @schema.SEND_TEXT
    @action(detail=False, methods=["post"])
    def text(self, request: HttpRequest) -> HttpResponse:
        message = read_json(request, TextRequest, TEXT_BODY_LIMIT_BYTES)
        return answer(send_text(_user(request), message, _key(request)))

    @schema.SEND_BATCH
    @action(detail=False, methods=["post"])
    def batch(self, request: HttpRequest) -> HttpResponse:
        messages = read_batch(read_body(request, BATCH_BODY_LIMIT_BYTES))
        return answer(send_batch(_user(request), messages, _key(request)))

    @schema.RETRIEVE
    def retrieve(self, request: Request, message_id: str) -> Response:
        return Response(message_outcome(_user(request), canonical_id(message_id)))

    @schema.HISTORY
    @action(detail=False, url_path="conversation/(?P<conversation_id>[^/]+)")
    def conversation(self, request: Request, conversation_id: str) -> Response:
        asked = history_request(parameters(request))
        return Response(history(_user(request), canonical_id(conversation_id), asked))


def _key(request: HttpRequest) -> str | None:
    """The header Idempotency-Key, without making Django's mapping of all headers."""
    key: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
    return key


def _user(request: Request | HttpRequest) -> TokenUser:
    return cast(TokenUser, request.user)
