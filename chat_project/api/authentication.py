"""The door for bearer tokens: DRF asks here who is calling."""

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from typing_extensions import override

from chat_project.api.errors import NotAuthenticated
from chat_project.api.tokens import TokenUser, token_verifier

__all__ = ["JwtAuthentication", "TokenUser"]


class JwtAuthentication(BaseAuthentication):
    """`request.user` becomes a TokenUser. Raises NotAuthenticated for a token that is not good."""

    @override
    def authenticate(self, request: Request | HttpRequest) -> tuple[TokenUser, None] | None:
        header = request.META.get("HTTP_AUTHORIZATION")
        if not header:
            return None
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotAuthenticated(
                "The Authorization header must be: Bearer <token>", code="invalid_token"
            )
        return token_verifier().verify(token.strip()), None

    @override
    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
