"""The OpenAPI document: each answer inside the envelope, the errors described once for all."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from typing_extensions import override

from chat_project.api.components import ERROR_ENVELOPE, METADATA

_EVERY_ENDPOINT = {
    "400": "The request is wrong; `error.details.field` names the field.",
    "401": "No token, or one that is not valid.",
    "403": "Not allowed to this user.",
    "404": "Not there, or of another tenant.",
    "503": "A server is away or slow; see Retry-After.",
}

OF_THE_USER = "may be left out; must be the token's user"
OF_THE_TENANT = "may be left out; must be the token's tenant"
STATED = [
    OpenApiParameter("userId", str, description=OF_THE_USER),
    OpenApiParameter("requestedBy", str, description=OF_THE_USER),
    OpenApiParameter("tenantId", str, description=OF_THE_TENANT),
]
"""What the replaced service's clients say although the token does."""


class EnvelopeSchema(AutoSchema):
    """Views describe their `data` only, by a serializer; the envelope is added here."""

    @override
    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        errors = {status: _error_response(text) for status, text in _EVERY_ENDPOINT.items()}
        return {**super()._get_response_bodies(direction), **errors}

    @override
    def _get_response_for_code(
        self,
        serializer: Any,
        status_code: str,
        media_types: Any = None,
        direction: Any = "response",
    ) -> dict[str, Any]:
        response: dict[str, Any] = super()._get_response_for_code(  # type: ignore[no-untyped-call]
            serializer, status_code, media_types, direction
        )
        for content in response.get("content", {}).values():
            content["schema"] = _enveloped(content["schema"])
        return response


class JwtScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How Swagger asks for a token."""

    target_class = "chat_project.api.authentication.JwtAuthentication"
    name = "bearer"

    @override
    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def _enveloped(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "success": {"type": "boolean"},
            "data": data,
            "error": {"type": "object", "nullable": True},
            "metadata": METADATA,
        },
        "required": ["success", "data", "error", "metadata"],
    }


def _error_response(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": ERROR_ENVELOPE}}}
