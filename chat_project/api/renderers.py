"""How answers are written: always our envelope in JSON, whatever `Accept` says."""

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches
from typing_extensions import override

from chat_project.api.envelope import ErrorBody, encode

JSON = "application/json"


class EnvelopeRenderer(BaseRenderer):
    """An ErrorBody becomes the envelope's `error`, anything else its `data`."""

    media_type = JSON
    format = "json"
    charset = None

    @override
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return encode(error=data) if isinstance(data, ErrorBody) else encode(data=data)


class OneRenderer(BaseContentNegotiation):
    """A view's first renderer always answers; clients of the original send any `Accept`."""

    @override
    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        content_type = request.content_type or JSON
        matching = (p for p in parsers if media_type_matches(str(p.media_type), content_type))
        return next(matching, None)

    @override
    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, str(first.media_type)
