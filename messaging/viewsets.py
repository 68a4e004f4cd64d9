"""The doors of `/api/v1/messages`: read the request, call one function, answer."""

from typing import Any, ClassVar, TypeVar, cast

import pymongo
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from typing_extensions import override

from chat_project.api.bodies import read_body, read_json
from chat_project.api.etags import keep_private
from chat_project.api.idempotency import header_key
from chat_project.api.lean import LeanViewSet, answer
from chat_project.api.ownership import check_body, check_parameters
from chat_project.api.paging import page_request
from chat_project.api.query import parameters
from chat_project.api.routing import ANY_ID
from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id
from messaging import lists, schema
from messaging.changing import (
    add_reaction,
    delete_message,
    edit_message,
    mark_read,
    pin_message,
    remove_reaction,
    unpin_message,
)
from messaging.history import history, history_request
from messaging.requests import (
    BATCH_BODY_LIMIT_BYTES,
    TEXT_BODY_LIMIT_BYTES,
    EditRequest,
    MarkRequest,
    ReactionRequest,
    ReadRequest,
    TextRequest,
    read_batch,
)
from messaging.search import search, search_request
from messaging.selectors import message_outcome
from messaging.services import send_batch, send_text

B = TypeVar("B", EditRequest, MarkRequest, ReactionRequest, ReadRequest)

DATABASE_SECONDS = 2.0
"""For all that one read asks of MongoDB: a hanging one must not hold every thread."""


class MessageViewSet(LeanViewSet):
    lean: ClassVar[frozenset[str]] = frozenset({"text", "batch"})
    lookup_url_kwarg = "message_id"
    lookup_value_regex = "[^/]+"

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """What sends or changes waits for Kafka too, and bounds MongoDB before and after it."""
        if request.method not in SAFE_METHODS:
            return super().dispatch(request, *args, **kwargs)
        with pymongo.timeout(DATABASE_SECONDS):
            response = super().dispatch(request, *args, **kwargs)
        keep_private(response)
        return response

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

    @schema.EDIT
    def update(self, request: Request, message_id: str) -> Response:
        edit = _body(request, EditRequest)
        return Response(edit_message(_user(request), message_id, edit.content))

    @schema.DELETE
    def destroy(self, request: Request, message_id: str) -> Response:
        return Response(delete_message(_user(request), message_id))

    @schema.PIN
    @action(detail=True, methods=["post"])
    def pin(self, request: Request, message_id: str) -> Response:
        _body(request, MarkRequest)
        return Response(pin_message(_user(request), message_id, header_key(request)))

    @schema.UNPIN
    @action(detail=True, methods=["post"])
    def unpin(self, request: Request, message_id: str) -> Response:
        _body(request, MarkRequest)
        return Response(unpin_message(_user(request), message_id, header_key(request)))

    @schema.REACT
    @action(detail=True, methods=["post"])
    def reactions(self, request: Request, message_id: str) -> Response:
        reaction = _body(request, ReactionRequest)
        key = header_key(request)
        return Response(add_reaction(_user(request), message_id, reaction.emoji_code, key))

    @schema.UNREACT
    @reactions.mapping.delete
    def take_reaction_back(self, request: Request, message_id: str) -> Response:
        emoji = parameters(request).get("emoji")
        return Response(remove_reaction(_user(request), message_id, emoji))

    @schema.MARK_READ
    @action(detail=False, methods=["post"], url_path="conversation/(?P<conversation_id>[^/]+)/read")
    def read(self, request: Request, conversation_id: str) -> Response:
        position = _body(request, ReadRequest)
        key = header_key(request)
        return Response(mark_read(_user(request), conversation_id, position.up_to_seq, key))

    @schema.HISTORY
    @action(detail=False, url_path="conversation/(?P<conversation_id>[^/]+)")
    def conversation(self, request: Request, conversation_id: str) -> Response:
        asked = history_request(parameters(request))
        return Response(history(_user(request), canonical_id(conversation_id), asked))

    @schema.SEARCH
    @action(detail=False, url_path="conversation/(?P<conversation_id>[^/]+)/search")
    def search(self, request: Request, conversation_id: str) -> Response:
        asked, page = search_request(parameters(request)), page_request(request)
        return Response(search(_user(request), canonical_id(conversation_id), asked, page))

    @schema.PINNED
    @action(detail=False, url_path="conversation/(?P<conversation_id>[^/]+)/pinned")
    def pinned(self, request: Request, conversation_id: str) -> Response:
        asked = page_request(request)
        return Response(lists.pinned(_user(request), canonical_id(conversation_id), asked))

    @schema.OF_TYPE
    @action(
        detail=False,
        url_path="conversation/(?P<conversation_id>[^/]+)/type/(?P<message_type>[^/]+)",
    )
    def of_type(self, request: Request, conversation_id: str, message_type: str) -> Response:
        conversation_id, asked = canonical_id(conversation_id), page_request(request)
        return Response(lists.of_type(_user(request), conversation_id, message_type, asked))

    @schema.MENTIONING
    @action(
        detail=False,
        url_path=f"conversation/(?P<conversation_id>[^/]+)/mentions/(?P<user_id>{ANY_ID})",
    )
    def mentioning(self, request: Request, conversation_id: str, user_id: str) -> Response:
        conversation_id, user_id = canonical_id(conversation_id), canonical_id(user_id)
        asked = page_request(request)
        return Response(lists.mentioning(_user(request), conversation_id, user_id, asked))


def _body(request: Request, struct_type: type[B]) -> B:
    """The body, which may be left out where every field may; its ids must be the token's."""
    given = read_json(request, struct_type) if _has_body(request) else struct_type()
    check_body(_user(request), given.user_id, given.editor_user_id)
    return given


def _has_body(request: Request) -> bool:
    return bool(int(request.META.get("CONTENT_LENGTH") or 0))


def _key(request: HttpRequest) -> str | None:
    """The header Idempotency-Key, without making Django's mapping of all headers."""
    key: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
    return key


def _user(request: Request | HttpRequest) -> TokenUser:
    return cast(TokenUser, request.user)
