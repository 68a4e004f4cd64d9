"""`issue_token --user U --tenant T [--name N] [--ttl S]`: a bearer token, alone on one line."""

import time
from argparse import ArgumentTypeError
from typing import Any

import jwt
from django.core.management.base import CommandError, CommandParser
from typing_extensions import override

from chat_project.api.tokens import is_id
from chat_project.commands import ProductCommand
from chat_project.settings.environment import environment
from chat_project.texts import MAX_ID_LENGTH

DEFAULT_TTL_SECONDS = 3_600


class Command(ProductCommand):
    help = (
        "Prints a token that this service accepts, signed with JWT_SECRET (HS256). Exit 0: printed;"
        " 1: there is no JWT_SECRET; 2: wrong arguments."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", type=_id, required=True, metavar="U", help="the user's id")
        parser.add_argument(
            "--tenant", type=_id, required=True, metavar="T", help="the tenant's id"
        )
        parser.add_argument("--name", type=_name, metavar="N", help="the name that others see")
        parser.add_argument(
            "--ttl",
            type=_seconds,
            default=DEFAULT_TTL_SECONDS,
            metavar="S",
            help=f"seconds until it expires (default: {DEFAULT_TTL_SECONDS})",
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        secret = environment().jwt_secret
        if not secret:
            raise CommandError("JWT_SECRET is not set: tokens then come from JWT_JWKS_URL's owner")
        claims = _claims(options["user"], options["tenant"], options["name"], options["ttl"])
        self.stdout.write(jwt.encode(claims, secret, "HS256"))


def _id(text: str) -> str:
    """Without blanks at its ends."""
    stripped = text.strip()
    if not is_id(stripped):
        raise ArgumentTypeError(
            f"{text!r}: must have 1 to {MAX_ID_LENGTH} characters, not all blank"
        )
    return stripped


def _name(text: str) -> str:
    if not text.strip():
        raise ArgumentTypeError("is blank: leave it out, or say a name")
    return text


def _seconds(text: str) -> int:
    if not (text.isdecimal() and text.isascii() and int(text) >= 1):
        raise ArgumentTypeError(f"{text!r}: a whole number of seconds, 1 or more")
    return int(text)


def _claims(user_id: str, tenant_id: str, name: str | None, ttl_seconds: int) -> dict[str, Any]:
    issued_at = int(time.time())
    return {
        "UserId": user_id,
        "TenantId": tenant_id,
        **({"name": name} if name else {}),
        "iss": environment().jwt_issuer,
        "aud": environment().jwt_audience,
        "iat": issued_at,
        "exp": issued_at + ttl_seconds,
    }
