"""How DRF reads the bodies of endpoints that use serializers."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser
from typing_extensions import override

from chat_project.api.bodies import parse_plain, read_body
from chat_project.api.renderers import JSON


class JsonParser(BaseParser):
    """The same limit and the same errors as the typed bodies."""

    media_type = JSON

    @override
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return parse_plain(read_body((parser_context or {})["request"]))
