"""What the OpenAPI document says beyond the API's own endpoints: all codes, health, metrics."""

from typing import Any

from chat_project.api.codes import all_codes
from chat_project.api.components import SCHEMAS
from chat_project.api.schema import enveloped, error_response, example_envelope

_CHECKS = ("mongodb", "kafka", "accepting", "redis")


def complete(result: dict[str, Any], **_how: object) -> dict[str, Any]:
    """One of drf-spectacular's POSTPROCESSING_HOOKS."""
    result["info"]["description"] += _table_of_codes()
    result["components"]["schemas"] |= SCHEMAS
    result["paths"] |= {
        "/health/live": _get("health_live", "Whether the process answers", _live()),
        "/health/ready": _get("health_ready", "Whether the servers that it needs do", _ready()),
        "/health": _get("health", "The same as /health/ready", _ready()),
        "/metrics": _get("metrics", "Prometheus metrics of all workers", _metrics()),
    }
    return result


def _table_of_codes() -> str:
    """Markdown, folded; the codes are for programs, the sentences may change."""
    rows = [f"| {code.status} | `{name}` | {code.meaning} |" for name, code in all_codes().items()]
    head = ["| Status | `error.code` | Means |", "| --- | --- | --- |"]
    table = "\n".join([*head, *rows])
    return f"\n\n<details><summary>All error codes</summary>\n\n{table}\n\n</details>"


def _get(name: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "description": f"{summary}. For operators; needs no token.",
            "tags": ["operation"],
            "parameters": [],
            "security": [{}],
            "responses": responses,
        }
    }


def _live() -> dict[str, Any]:
    status = {"type": "string", "enum": ["healthy"]}
    data = {"type": "object", "properties": {"status": status}, "required": ["status"]}
    return {
        "200": _json("It answers.", enveloped(data), example_envelope(data={"status": "healthy"})),
        **_foreign_host(),
    }


def _ready() -> dict[str, Any]:
    check = {
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["up", "down"]},
            "error": {"type": "string", "description": "The kind of error."},
        },
        "required": ["status"],
    }
    data = {
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["healthy", "degraded", "unhealthy"]},
            "checks": {"type": "object", "additionalProperties": check},
        },
        "required": ["status", "checks"],
    }
    up = {name: {"status": "up"} for name in _CHECKS}
    away = {**up, "mongodb": {"status": "down", "error": "ServerSelectionTimeoutError"}}
    error = {"code": "unhealthy", "message": all_codes()["unhealthy"].meaning, "details": None}
    healthy = example_envelope(data={"status": "healthy", "checks": up})
    unhealthy = example_envelope(data={"status": "unhealthy", "checks": away}, error=error)
    return {
        "200": _json(
            "MongoDB and Kafka answer; `degraded`: without Redis, or while the topic grows.",
            enveloped(data),
            healthy,
        ),
        "503": _json("`unhealthy`: a server that is needed is away.", enveloped(data), unhealthy),
        **_foreign_host(),
    }


def _metrics() -> dict[str, Any]:
    text = {"schema": {"type": "string"}, "examples": {"A metric": {"value": _METRIC}}}
    return {
        "200": {"description": "Prometheus' text format.", "content": {"text/plain": text}},
        **_foreign_host(),
    }


_METRIC = 'messages_sent_total{status="accepted"} 1.0\n'


def _foreign_host() -> dict[str, Any]:
    return {"400": error_response(["bad_request"])}


def _json(description: str, schema: dict[str, Any], example: Any) -> dict[str, Any]:
    content = {"schema": schema, "examples": {"An answer": {"value": example}}}
    return {"description": description, "content": {"application/json": content}}
