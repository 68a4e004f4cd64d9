"""The one handler of exceptions: every one of them becomes an error envelope."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpResponse
from django.http.request import UnreadablePostError
from rest_framework import exceptions as drf
from rest_framework.response import Response

from chat_project.api.envelope import error_body
from chat_project.api.errors import (
    ApiError,
    Forbidden,
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    PayloadTooLarge,
    Unavailable,
)
from chat_project.mongodb import is_away

logger = logging.getLogger(__name__)

CODES = {
    400: "bad_request",
    401: "authentication_required",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "payload_too_large",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    500: "internal_error",
}


class InternalError(ApiError):
    """500: our own fault; the log has the reason under the request id."""

    status = 500
    code = "internal_error"


def handle(exception: Exception, context: dict[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER; logs what is our or a server's fault, once, and never re-raises."""
    error = as_api_error(exception)
    if isinstance(error, InternalError):
        logger.error("Unexpected error in %s", _view_name(context), exc_info=exception)
    elif error.status >= 500:
        logger.warning("Answered %d %s: %s", error.status, error.code, error.message)
    return _response_of(error)


def _response_of(error: ApiError) -> Response:
    response = Response(error_body(error), status=error.status, headers=_headers(error))
    already_logged(response)
    return response


def already_logged(response: HttpResponse) -> None:
    """Keeps Django from logging the answer again: it does so for every status from 400 on."""
    response._has_been_logged = True  # type: ignore[attr-defined]


def as_api_error(exception: Exception) -> ApiError:
    match exception:
        case ApiError():
            return exception
        case drf.APIException():
            return _from_drf(exception)
        case Http404():
            return NotFound("There is nothing at this address")
        case PermissionDenied():
            return Forbidden("This is not allowed")
        case RequestDataTooBig():
            return PayloadTooLarge("The request is too large")
        case SuspiciousOperation() | UnreadablePostError():
            return InvalidRequest("The request cannot be read", code="bad_request")
    if is_away(exception):
        return Unavailable("The database is away: try again", code="database_unavailable")
    return InternalError("An unexpected error occurred; the request id finds it in the log")


def _from_drf(exception: drf.APIException) -> ApiError:
    if isinstance(exception, drf.ValidationError):
        return InvalidRequest("Some fields are not valid", details={"fields": exception.detail})
    if isinstance(exception, drf.NotAuthenticated | drf.AuthenticationFailed):
        return NotAuthenticated("A bearer token is required")
    error = ApiError(str(exception.detail), code=CODES.get(exception.status_code, "bad_request"))
    error.status = exception.status_code
    return error


def _headers(error: ApiError) -> dict[str, str]:
    headers = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    return headers


def _view_name(context: dict[str, Any]) -> str:
    return type(context.get("view")).__name__
