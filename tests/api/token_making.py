"""Tokens and their verifier as the tests of authentication make them."""

import time
from typing import Any

import jwt
import pytest

from chat_project.api.errors import ApiError
from chat_project.api.tokens import TokenVerifier

SECRET = "a-secret-of-the-test-with-more-than-32-characters"
NOW = int(time.time())
GUID = "0199AAAA-1111-7222-8333-444455556666"
CLAIMS: dict[str, Any] = {
    "UserId": "user-1",
    "TenantId": "school-1",
    "iss": "emis",
    "aud": "emis-chat",
    "exp": NOW + 86_400,
}
LONG_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"


def verifier(**changes: Any) -> TokenVerifier:
    given = {"issuer": "emis", "audience": "emis-chat", "skew_seconds": 300, "secret": SECRET}
    return TokenVerifier(**(given | changes))


def signed(secret: Any = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jwt.encode(claims, secret, algorithm)


def refusal(token: str, **changes: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        verifier(**changes).verify(token)
    return caught.value
