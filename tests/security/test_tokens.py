"""Every endpoint against every token that is not good. What each is refused for: tests/api."""

import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from jwt.algorithms import RSAAlgorithm
from jwt.utils import base64url_encode

from chat_project.api import authentication
from chat_project.api.signing_keys import SigningKeys
from tests.api.test_identity_provider import Provider, provider
from tests.api.token_making import CLAIMS, LONG_CLAIM, NOW, SECRET, signed, verifier
from tests.conftest import Api
from tests.security.conftest import Room, told_secrets
from tests.security.rows import ROWS, call, refusal

__all__ = ["provider"]

SKEW_SECONDS = 300
PRIVATE_KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def both_kinds(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """The API takes HS256 by its secret and RS256 by this provider's keys."""
    both = verifier(skew_seconds=SKEW_SECONDS, signing_keys=SigningKeys(provider.url))
    monkeypatch.setattr(authentication, "token_verifier", lambda: both)
    return provider


def with_head(secret: Any, head: dict[str, Any], claims: dict[str, Any]) -> str:
    """Signed by HMAC whatever the head says; PyJWT refuses to make such tokens."""
    parts = b".".join(base64url_encode(json.dumps(part).encode()) for part in (head, claims))
    return b".".join([parts, base64url_encode(hmac.digest(secret, parts, "sha256"))]).decode()


def public_pem(provider: Provider) -> bytes:
    public = provider.keys["one"].public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def own_jwk() -> dict[str, Any]:
    return RSAAlgorithm.to_jwk(PRIVATE_KEY.public_key(), as_dict=True)


def by_own_key(provider: Provider, **head: Any) -> str:
    return jwt.encode(CLAIMS, PRIVATE_KEY, "RS256", headers={"kid": "own", **head})


def without_signature(algorithm: str) -> str:
    head, body, _ = with_head(b"x", {"alg": algorithm, "typ": "JWT"}, CLAIMS).split(".")
    return f"{head}.{body}."


MakeToken = Callable[[Provider], str]

BAD_TOKENS: dict[str, MakeToken] = {
    "another issuer": lambda _: signed(iss="somebody-else"),
    "another audience": lambda _: signed(aud="another-service"),
    "an audience among others": lambda _: signed(aud=["emis-chatter", "other"]),
    "no algorithm": lambda _: without_signature("none"),
    "no algorithm, in another case": lambda _: without_signature("NoNe"),
    "no signature": lambda _: without_signature("HS256"),
    "the public key as a secret": lambda provider: with_head(
        public_pem(provider), {"alg": "HS256", "kid": "one"}, CLAIMS
    ),
    "an empty secret": lambda _: with_head(b"", {"alg": "HS256"}, CLAIMS),
    "a secret of zeros": lambda _: with_head(
        b"\0" * 32, {"alg": "HS256", "kid": "/dev/null"}, CLAIMS
    ),
    "the key in the head": lambda provider: by_own_key(provider, jwk=own_jwk()),
    "the key at an address in the head": lambda provider: by_own_key(
        provider, jku=provider.url, x5u=provider.url
    ),
    "another key under a known kid": lambda provider: by_own_key(provider, kid="one"),
    "an operator as kid": lambda _: with_head(
        SECRET.encode(), {"alg": "RS256", "kid": {"$ne": None}}, CLAIMS
    ),
    "a critical extension": lambda _: with_head(
        SECRET.encode(), {"alg": "HS256", "crit": ["unknown"], "unknown": 1}, CLAIMS
    ),
    "expired": lambda _: signed(exp=NOW - SKEW_SECONDS - 60),
    "expired, of the provider": lambda provider: provider.sign(exp=NOW - SKEW_SECONDS - 60),
    "not yet valid": lambda _: signed(nbf=int(time.time()) + SKEW_SECONDS + 600),
    "made in the future": lambda _: signed(iat=int(time.time()) + SKEW_SECONDS + 600),
    "no end": lambda _: signed(exp=None),
    "no tenant": lambda _: signed(TenantId=None),
    "an empty tenant": lambda _: signed(TenantId=""),
    "an operator as tenant": lambda _: signed(TenantId={"$ne": None}),
    "several tenants": lambda _: signed(TenantId=["school-1", "school-2"]),
    "no user": lambda _: signed(UserId=None),
    "an operator as user": lambda _: signed(UserId=None, sub={"$gt": ""}),
    "several users": lambda _: signed(UserId=None, **{LONG_CLAIM: ["user-1", "user-2"]}),
    "a user with a line break": lambda _: signed(UserId="user-1\r\nX-Forged: yes"),
    "garbage": lambda _: "garbage",
    "three parts of garbage": lambda _: "e30.e30.e30",
    "another user's claims under a good signature": lambda _: ".".join(
        [signed().split(".")[0], signed(UserId="principal").split(".")[1], signed().split(".")[2]]
    ),
}


@pytest.mark.parametrize("make", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_no_endpoint_takes_a_bad_token(room: Room, both_kinds: Provider, make: MakeToken) -> None:
    before = room.everything()
    user = Api("user-1", room.teacher.tenant_id, make(both_kinds))

    for endpoint in ROWS:
        response = call(user, endpoint, room.target)
        status, code = refusal(response)
        assert (status, code in ("invalid_token", "token_expired")) == (401, True), endpoint
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert "X-Forged" not in response.headers
        assert told_secrets(response) == [], endpoint
    assert room.everything() == before


def test_the_good_tokens_beside_them_are_taken(room: Room, both_kinds: Provider) -> None:
    ids = {"UserId": room.teacher.user_id, "TenantId": room.teacher.tenant_id}
    good = [
        signed(**ids),
        both_kinds.sign(**ids),
        signed(**ids, exp=int(time.time()) - SKEW_SECONDS + 60),
        signed(**ids, nbf=int(time.time()) + SKEW_SECONDS - 60),
        signed(**ids, aud=["other", "emis-chat"]),
    ]

    for token in good:
        user = Api(room.teacher.user_id, room.teacher.tenant_id, token)
        response = call(user, "GET /conversations/{conversation_id}", room.target)
        assert response.status_code == 200


@pytest.mark.parametrize("name", ["access_token", "token", "Authorization", "bearer", "jwt"])
def test_a_token_in_the_query_is_none(room: Room, name: str) -> None:
    """It would stand in the logs of every proxy; only the hub takes one there."""
    anonymous = Api(room.teacher.user_id, room.teacher.tenant_id, "")
    anonymous.client = Client()

    for endpoint in ROWS:
        response = call(anonymous, endpoint, room.target, query=f"{name}={room.teacher.token}")
        assert refusal(response) == (401, "authentication_required"), endpoint
        assert told_secrets(response) == [], endpoint


def test_a_session_of_the_admin_pages_is_no_token(room: Room, django_user_model: Any) -> None:
    staff = django_user_model.objects.create_superuser(f"staff-{room.group.id}", password="secret")
    anonymous = Api(room.teacher.user_id, room.teacher.tenant_id, "")
    anonymous.client = Client()
    anonymous.client.force_login(staff)

    for endpoint in ROWS:
        assert refusal(call(anonymous, endpoint, room.target))[0] == 401, endpoint
