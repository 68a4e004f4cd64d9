"""The parts of the OpenAPI document that every answer shares."""

from typing import Any

METADATA = {"$ref": "#/components/schemas/Metadata"}
ERROR_ENVELOPE = {"$ref": "#/components/schemas/ErrorEnvelope"}
EXAMPLE_METADATA = {
    "timestamp": "2025-11-07T10:00:00.456Z",
    "requestId": "0199aaaa-2222-7000-8000-000000000002",
}

_METADATA = {
    "type": "object",
    "properties": {
        "timestamp": {"type": "string", "format": "date-time"},
        "requestId": {"type": "string"},
    },
    "required": ["timestamp", "requestId"],
}
_ERROR = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "description": "Stable, for programs."},
        "message": {"type": "string", "description": "For people."},
        "details": {"type": "object", "nullable": True, "additionalProperties": True},
    },
    "required": ["code", "message", "details"],
}
SCHEMAS: dict[str, Any] = {
    "Metadata": _METADATA,
    "Error": _ERROR,
    "ErrorEnvelope": {
        "type": "object",
        "properties": {
            "success": {"type": "boolean", "enum": [False]},
            "data": {"type": "object", "nullable": True},
            "error": {"$ref": "#/components/schemas/Error"},
            "metadata": METADATA,
        },
        "required": ["success", "data", "error", "metadata"],
    },
}
