"""An endpoint that shows what `chat_project.api` does, mounted beside the product's own paths."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import DatabaseError
from django.urls import include, re_path
from drf_spectacular.utils import extend_schema
from pymongo.errors import NetworkTimeout, ServerSelectionTimeoutError
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet
from typing_extensions import override

from chat_project import urls
from chat_project.api.bodies import read_json
from chat_project.api.errors import Unavailable
from chat_project.api.paging import page_of, page_request
from chat_project.api.routing import CaseInsensitiveRouter, ignoring_case


class Point(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    start_index: int
    user_id: str | None = None


class Note(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    content: str
    reply_to: str | None = None
    mentions: list[Point] | None = None


class Unwritable:
    @override
    def __str__(self) -> str:
        raise ValueError("nobody expected this either")


@extend_schema(exclude=True)
class ProbeViewSet(ViewSet):
    @action(methods=["get"], detail=False)
    def whoami(self, request: Request) -> Response:
        user = request.user
        return Response({"userId": user.user_id, "tenantId": user.tenant_id, "name": user.name})

    @action(methods=["post"], detail=False)
    def note(self, request: Request) -> Response:
        return Response(read_json(request, Note))

    @action(methods=["post"], detail=False)
    def plain(self, request: Request) -> Response:
        return Response(request.data)

    @action(methods=["post"], detail=False, permission_classes=[AllowAny])
    def length(self, request: Request) -> Response:
        limit = int(request.GET.get("limit", 1024 * 1024))
        return Response(len(read_json(request, Note, limit).content))

    @action(methods=["get"], detail=False, permission_classes=[AllowAny])
    def crash(self, request: Request) -> Response:
        raise RuntimeError("nobody expected this")

    @action(methods=["get"], detail=False, permission_classes=[AllowAny])
    def unwritable(self, request: Request) -> Response:
        return Response(Unwritable())

    @action(methods=["get"], detail=False, permission_classes=[AllowAny])
    def unavailable(self, request: Request) -> Response:
        raise Unavailable("Kafka is away", details={"messageId": "m-1"})

    @action(methods=["get"], detail=False, permission_classes=[AllowAny], url_path="away/driver")
    def away_driver(self, request: Request) -> Response:
        raise ServerSelectionTimeoutError("no primary")

    @action(methods=["get"], detail=False, permission_classes=[AllowAny], url_path="away/orm")
    def away_orm(self, request: Request) -> Response:
        raise DatabaseError from NetworkTimeout("too slow")

    @action(methods=["get"], detail=False, permission_classes=[AllowAny])
    def dates(self, request: Request) -> Response:
        moment = datetime(2025, 11, 7, 10, 0, 0, 123999, UTC)
        nested: dict[str, Any] = {"list": [moment], "naive": moment.replace(tzinfo=None)}
        return Response({"at": moment, "nested": nested})

    @action(methods=["get"], detail=False, permission_classes=[AllowAny])
    def pages(self, request: Request) -> Response:
        return Response(page_of(["a"], 45, page_request(request)))

    @action(methods=["get"], detail=False, permission_classes=[AllowAny])
    def texts(self, request: Request) -> Response:
        return Response("x" * int(request.GET["size"]))

    @action(methods=["post"], detail=False, permission_classes=[AllowAny])
    def echo(self, request: Request) -> Response:
        return Response(request.data)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response({"id": pk})


router = CaseInsensitiveRouter()
router.register("probe", ProbeViewSet, basename="probe")

urlpatterns = [ignoring_case(re_path(r"^api/v1/", include(router.urls))), *urls.urlpatterns]
