"""Links to files: whoever has one may fetch the file until it expires; nobody else can make one.

An image tag and a media player send no token, so the link itself must say that it is allowed.
"""

import math
from functools import cache
from urllib.parse import quote

import msgspec
from django.core.signing import BadSignature, Signer

from chat_project.settings.environment import environment
from messaging.attachments.errors import expired_link, invalid_link

PATH = "/api/v1/attachments/"
THUMBNAIL = "/thumbnail"

_SALT = "messaging.attachments.links"


class Claim(msgspec.Struct, frozen=True):
    """What a link allows: its address, as a part of this message."""

    message_id: str
    expires_at: int
    """Unix time."""


def address_of(attachment_id: str) -> str:
    """What an event and a stored message say instead of a link; a link begins so too."""
    return f"{PATH}{quote(attachment_id, safe='')}"


def thumbnail_address_of(attachment_id: str) -> str:
    return address_of(attachment_id) + THUMBNAIL


def is_own(address: str | None, attachment_id: str) -> bool:
    """Whether this service has the file; other services may name files of their own."""
    return address in (address_of(attachment_id), thumbnail_address_of(attachment_id))


def signed(address: str, message_id: str, *, now: float) -> str:
    """The link: good for ATTACHMENT_LINK_MINUTES at least, and for a quarter more at most.

    It stays the same for that quarter, so that a browser finds it in its cache.
    """
    life = environment().attachment_link_minutes * 60
    step = life / 4
    expires_at = math.ceil(math.ceil(now / step) * step + life)
    signature = _signer().signature(_said(address, expires_at, message_id))
    token = quote(f"{expires_at}.{signature}.{message_id}", safe="")
    return f"{environment().attachment_link_base_url or ''}{address}?token={token}"


def claim_of(address: str, token: str, *, now: float) -> Claim:
    """What the link with this token allows. Raises Forbidden: `link_invalid`, `link_expired`."""
    try:
        expires_at, signature, message_id = token.split(".", 2)
        _signer().unsign(f"{_said(address, expires_at, message_id)}:{signature}")
    except (ValueError, BadSignature):
        raise invalid_link() from None
    claim = Claim(message_id, int(expires_at))
    if claim.expires_at <= now:
        raise expired_link()
    return claim


def _said(address: str, expires_at: int | str, message_id: str) -> str:
    """What the signature covers; an address has no spaces, and no two links say the same."""
    return f"{address} {expires_at} {message_id}"


@cache
def _signer() -> Signer:
    return Signer(salt=_SALT)
