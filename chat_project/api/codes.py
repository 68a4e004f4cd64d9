"""What each `error.code` means; the OpenAPI document tells it to clients.

Every app has such a table of its own; settings.API_CODES names them. A test compares them with the
codes that the code raises.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from django.conf import settings
from django.utils.module_loading import import_string


class Code(msgspec.Struct, frozen=True):
    """The status that it comes with, a sentence for people, and an example of `error.details`."""

    status: int
    meaning: str
    details: dict[str, Any] | None = None


Codes = Mapping[str, Code]

CODES: Codes = {
    "bad_request": Code(400, "The request cannot be read, or its host is not one of ours."),
    "invalid_request": Code(
        400, "Some fields are not valid.", {"fields": {"name": ["This field is required."]}}
    ),
    "invalid_field": Code(
        400,
        "A field or a parameter is missing, of a wrong type or out of its bounds.",
        {"field": "pageSize"},
    ),
    "malformed_json": Code(400, "The body is not valid JSON."),
    "lone_surrogate": Code(
        400, "A text holds half of a surrogate pair, which is no character.", {"field": "content"}
    ),
    "invalid_idempotency_key": Code(
        400,
        "The idempotency key must have 1 to 255 printable ASCII characters.",
        {"field": "Idempotency-Key", "limit": 255},
    ),
    "authentication_required": Code(401, "A bearer token is required."),
    "invalid_token": Code(401, "The token is not valid."),
    "token_expired": Code(401, "The token has expired."),
    "forbidden": Code(403, "This is not allowed."),
    "user_mismatch": Code(
        403, "A user id in the request is not the token's: leave it out.", {"field": "userId"}
    ),
    "tenant_mismatch": Code(
        403, "tenantId is not the token's: leave it out.", {"field": "tenantId"}
    ),
    "sender_mismatch": Code(403, "senderId is not the token's user.", {"field": "senderId"}),
    "not_found": Code(404, "There is nothing at this address."),
    "method_not_allowed": Code(405, "The address does not take this method."),
    "not_acceptable": Code(406, "The answer cannot be given in this form."),
    "conflict": Code(409, "The state of the thing does not allow it."),
    "payload_too_large": Code(413, "The body is over the limit.", {"limitBytes": 1_000_000}),
    "unsupported_media_type": Code(415, "The body must be JSON in UTF-8, and not compressed."),
    "range_not_satisfiable": Code(416, "The file has no such part; Content-Range tells its size."),
    "idempotency_key_reused": Code(
        422, "The idempotency key was used with another payload: use a new one."
    ),
    "internal_error": Code(500, "Our own fault; the request id finds it in the log."),
    "unavailable": Code(503, "A server that this needs is away or slow: try again."),
    "database_unavailable": Code(503, "The database is away: try again."),
    "identity_provider_unavailable": Code(
        503, "The keys that tokens are signed with cannot be read: try again."
    ),
    "unhealthy": Code(503, "A server that is needed is away; the data name it."),
}


@cache
def all_codes() -> Codes:
    """Of all apps."""
    merged: dict[str, Code] = {}
    for path in settings.API_CODES:
        merged |= import_string(path)
    return dict(sorted(merged.items(), key=lambda item: (item[1].status, item[0])))
