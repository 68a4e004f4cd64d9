"""The doors of files: the upload, with a token, and the download, with a signed link."""

import time
from typing import ClassVar, cast

import pymongo
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet
from typing_extensions import override

from chat_project.api.lean import LeanViewSet, answer
from chat_project.api.ownership import check_parameters
from chat_project.api.query import parameters
from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id
from messaging import schema
from messaging.attachments.downloading import answer_file, open_file
from messaging.attachments.form import read_form
from messaging.attachments.links import address_of, claim_of, thumbnail_address_of
from messaging.attachments.receiving import DATABASE_SECONDS
from messaging.services import send_attachment


class UploadViewSet(LeanViewSet):
    """Without a bound for all of MongoDB's answers: between them lies the storing of the file."""

    lean: ClassVar[frozenset[str]] = frozenset({"create"})

    @override
    def check_request(self, user: TokenUser, request: HttpRequest) -> None:
        check_parameters(user, parameters(request))

    @schema.SEND_ATTACHMENT
    def create(self, request: HttpRequest) -> HttpResponse:
        with read_form(request) as form:
            key: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
            return answer(send_attachment(cast(TokenUser, request.user), form, key))


@schema.DOWNLOADS
class AttachmentViewSet(ViewSet):
    """The link is the permission: who may see the message got it with the message."""

    authentication_classes = ()
    permission_classes = ()
    lookup_url_kwarg = "attachment_id"
    lookup_value_regex = "[^/]+"

    def retrieve(self, request: Request, attachment_id: str) -> HttpResponseBase:
        attachment_id = canonical_id(attachment_id)
        return _answered(request, attachment_id, address_of(attachment_id), thumbnail=False)

    @action(detail=True)
    def thumbnail(self, request: Request, attachment_id: str) -> HttpResponseBase:
        attachment_id = canonical_id(attachment_id)
        address = thumbnail_address_of(attachment_id)
        return _answered(request, attachment_id, address, thumbnail=True)


def _answered(
    request: Request, attachment_id: str, address: str, *, thumbnail: bool
) -> HttpResponseBase:
    now = time.time()
    claim = claim_of(address, parameters(request).get("token", ""), now=now)
    with pymongo.timeout(DATABASE_SECONDS):
        opened = open_file(attachment_id, claim, thumbnail=thumbnail)
    seconds_left = int(claim.expires_at - now)
    return answer_file(opened, request.headers.get("Range"), seconds_left=seconds_left)
