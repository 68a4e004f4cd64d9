"""The OpenAPI document: each answer but files inside the envelope, each error with its codes and examples.

An error code in backticks in an operation's description, or in that of one of its error answers, is
one that the operation answers: from there come its statuses and its examples
(`chat_project.api.codes`).
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from typing_extensions import override

from chat_project.api.codes import all_codes
from chat_project.api.components import ERROR_ENVELOPE, EXAMPLE_METADATA, METADATA
from chat_project.api.idempotency import MAX_KEY_LENGTH

_EVERYWHERE = (
    *("bad_request", "authentication_required", "invalid_token", "token_expired"),
    *("user_mismatch", "tenant_mismatch", "not_found", "method_not_allowed", "internal_error"),
    *("database_unavailable", "identity_provider_unavailable"),
)
_OF_TOKENS = {
    *("authentication_required", "invalid_token", "token_expired"),
    *("user_mismatch", "tenant_mismatch", "identity_provider_unavailable"),
}
_WITH_A_BODY = (
    *("malformed_json", "lone_surrogate", "invalid_field"),
    *("payload_too_large", "unsupported_media_type"),
)
_STATUSES = {
    "400": "The request is wrong; `error.details.field` names the field.",
    "401": "No token, or one that is not valid.",
    "403": "Not allowed to this user.",
    "404": "Not there, or of another tenant.",
    "405": "Not this method: an id in the path may have made it another address.",
    "409": "The state or the type of the thing does not allow it.",
    "413": "The body is too large.",
    "415": "The body is of another type.",
    "422": "The idempotency key was used for something else.",
    "429": "Too many; see Retry-After.",
    "500": "Our own fault.",
    "503": "A server is away or slow; see Retry-After.",
}
_SECONDS = {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds to wait."}
_HEADERS: dict[str, dict[str, Any]] = {
    "401": {"WWW-Authenticate": {"schema": {"type": "string", "enum": ["Bearer"]}}},
    "416": {
        "Content-Range": {"schema": {"type": "string"}, "description": "`bytes */` and the size."}
    },
    "429": {"Retry-After": _SECONDS},
    "503": {"Retry-After": _SECONDS},
}
_REQUEST_ID = {
    "schema": {"type": "string"},
    "description": "The request's own, or a new one; also in `metadata` and in our log.",
}

OF_THE_USER = "may be left out; must be the token's user"
OF_THE_TENANT = "may be left out; must be the token's tenant"
STATED = [
    OpenApiParameter("userId", str, description=OF_THE_USER),
    OpenApiParameter("requestedBy", str, description=OF_THE_USER),
    OpenApiParameter("tenantId", str, description=OF_THE_TENANT),
]
"""What the replaced service's clients say although the token does."""

KEY = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_KEY_LENGTH,
    "pattern": r"^[\x20-\x7e]+$",
}
"""Of the header Idempotency-Key."""

CONDITIONAL = [
    OpenApiParameter(
        "If-None-Match",
        str,
        OpenApiParameter.HEADER,
        description="ETags of earlier answers: if one is still right, 304 without a body",
    ),
    OpenApiParameter(
        "ETag",
        str,
        OpenApiParameter.HEADER,
        response=[200, 304],
        description="Changes with any field of the data; weak, because time and request id differ.",
    ),
]
"""Of reads that are tagged (`chat_project.api.etags`)."""

FILE = {"type": "string", "format": "binary"}
"""The schema of an answer that is a file's bytes, without an envelope."""

NOT_MODIFIED = {304: OpenApiResponse(description="The data are still those of If-None-Match.")}

_NAMED = re.compile(r"`([a-z_]+)`")


class EnvelopeSchema(AutoSchema):
    """Views describe their `data` only, by a serializer; envelope and errors are added here."""

    @override
    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        own: dict[str, Any] = super()._get_response_bodies(direction)
        errors = {status: body for status, body in own.items() if status >= "400"}
        texts = [self.get_description() or "", *(each["description"] for each in errors.values())]
        codes = {*_EVERYWHERE, *named_codes(texts)}
        if not self.get_auth():
            codes -= _OF_TOKENS
        if self.method in ("POST", "PUT", "PATCH"):
            codes.update(_WITH_A_BODY)
        described = {
            status: error_response(answered, errors.get(status, {}).get("description"))
            for status, answered in _by_status(codes).items()
        }
        good = {status: body for status, body in own.items() if status not in errors}
        return good | described

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
        if status_code == "200":
            response.setdefault("content", _nothing())
            response["description"] = response["description"] or "Done."
        for content in response.get("content", {}).values():
            if content["schema"] == FILE:
                continue
            content["schema"] = enveloped(content["schema"])
            for example in content.get("examples", {}).values():
                example["value"] = example_envelope(data=example["value"])
        return response

    @override
    def _get_response_headers_for_code(
        self, status_code: str, direction: Any = "response"
    ) -> dict[str, Any]:
        headers: dict[str, Any] = super()._get_response_headers_for_code(status_code, direction)
        return {**headers, "X-Request-ID": _REQUEST_ID}


class JwtScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How Swagger asks for a token."""

    target_class = "chat_project.api.authentication.JwtAuthentication"
    name = "bearer"

    @override
    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def whole_number(minimum: int, maximum: int) -> dict[str, Any]:
    """The schema of a parameter within these bounds."""
    return {"type": "integer", "minimum": minimum, "maximum": maximum}


def named_codes(texts: Iterable[str]) -> set[str]:
    """The error codes that stand in backticks in the texts."""
    return {word for text in texts for word in _NAMED.findall(text) if word in all_codes()}


def enveloped(data: dict[str, Any]) -> dict[str, Any]:
    """The schema of a good answer with these data."""
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


def error_response(codes: Iterable[str], told: str | None = None) -> dict[str, Any]:
    """The answers of one status: what they have in common, and an example of each code."""
    examples = {code: _example(code) for code in codes}
    status = str(all_codes()[next(iter(examples))].status)
    told = told or _STATUSES[status]
    further = ", ".join(f"`{code}`" for code in examples if code not in named_codes([told]))
    return {
        "description": f"{told} {further}".strip(),
        "headers": {"X-Request-ID": _REQUEST_ID, **_HEADERS.get(status, {})},
        "content": {"application/json": {"schema": ERROR_ENVELOPE, "examples": examples}},
    }


def _by_status(codes: Iterable[str]) -> dict[str, list[str]]:
    by_status: defaultdict[str, list[str]] = defaultdict(list)
    for code in sorted(codes):
        by_status[str(all_codes()[code].status)].append(code)
    return dict(sorted(by_status.items()))


def _example(code: str) -> dict[str, Any]:
    known = all_codes()[code]
    error = {"code": code, "message": known.meaning, "details": known.details}
    return {"summary": known.meaning, "value": example_envelope(error=error)}


def example_envelope(*, data: Any = None, error: Any = None) -> dict[str, Any]:
    """As every answer looks."""
    return {"success": error is None, "data": data, "error": error, "metadata": EXAMPLE_METADATA}


def _nothing() -> dict[str, Any]:
    """The content of an answer whose data are null."""
    null = {"type": "object", "nullable": True, "maxProperties": 0}
    return {"application/json": {"schema": null, "examples": {"Done": {"value": None}}}}
