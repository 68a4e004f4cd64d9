"""Entity tags: who has seen these data already is told so without them."""

from hashlib import blake2b

import msgspec
from django.http import HttpRequest, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.response import Response

_DIGEST_BYTES = 16


def keep_private(response: HttpResponseBase) -> None:
    """The answer is the reader's own (unread, role, links to files): a shared cache keeps none of it,
    and a browser asks before it uses its copy."""
    response.headers["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ("Authorization",))


def tagged(request: Request | HttpRequest, data: msgspec.Struct) -> HttpResponseBase:
    """200 with the data and their tag, or 304 without a body if `If-None-Match` has it.

    The tag is of the data alone, so it changes with any field that the reader sees. It is weak:
    the envelope's time and request id are different in each answer.
    """
    digest = blake2b(_encode(data), digest_size=_DIGEST_BYTES).hexdigest()
    response: HttpResponseBase = (
        HttpResponseNotModified() if _has(request, digest) else Response(data)
    )
    response.headers["ETag"] = f'W/"{digest}"'
    keep_private(response)
    return response


def _has(request: Request | HttpRequest, digest: str) -> bool:
    """Compared weakly (RFC 9110, 13.1.2): a proxy that compresses may have changed the prefix."""
    known = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    return "*" in known or f'"{digest}"' in {tag.removeprefix("W/") for tag in known}


_encode = msgspec.json.Encoder().encode
