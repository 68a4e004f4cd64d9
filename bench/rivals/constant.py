"""DRF under our gunicorn at its least: one viewset with a constant answer, and nothing around it.

Settings and URLs in one module: DJANGO_SETTINGS_MODULE and ROOT_URLCONF name it.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from django.urls import re_path
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet
from typing_extensions import override

ANSWER = {
    "success": True,
    "data": {"messageId": "0199aaaa-1111-7222-8333-444455556666", "status": "Sending"},
    "error": None,
}


class MsgspecRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    @override
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return msgspec.json.encode(data)


class ConstantViewSet(ViewSet):
    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (MsgspecRenderer,)

    def create(self, _request: Request) -> Response:
        return Response(ANSWER)


urlpatterns = [
    re_path(r"^api/v1/messages/text$", ConstantViewSet.as_view({"post": "create"})),
]
