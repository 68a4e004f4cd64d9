"""RS256 tokens of an identity provider, whose keys are read by HTTP (JWKS)."""

import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.utils import base64url_encode

from chat_project.api import authentication, signing_keys
from chat_project.api.errors import Unavailable
from chat_project.api.signing_keys import SigningKeys
from tests.api.token_making import CLAIMS, SECRET, refusal, signed, verifier


class Provider:
    """An identity provider on this machine: its keys by HTTP, and what it signs."""

    def __init__(self) -> None:
        self.keys = {"one": rsa.generate_private_key(65537, 2048)}
        self.extra: list[dict[str, Any]] = []
        self.reads = 0
        self.broken = False
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that http.server calls
                provider.reads += 1
                self.send_response(500 if provider.broken else 200)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": provider.published()}).encode())

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def published(self) -> list[dict[str, Any]]:
        mine = [
            RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig"}
            for kid, key in self.keys.items()
        ]
        return mine + self.extra

    def sign(self, kid: str = "one", **claims: Any) -> str:
        return jwt.encode(CLAIMS | claims, self.keys[kid], "RS256", headers={"kid": kid})

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


def test_a_token_of_the_provider_is_accepted_and_its_keys_are_read_once(provider: Provider) -> None:
    both = verifier(signing_keys=SigningKeys(provider.url))

    assert both.verify(provider.sign()).user_id == "user-1"
    assert both.verify(provider.sign(UserId="user-2")).user_id == "user-2"
    assert both.verify(signed()).user_id == "user-1"
    assert provider.reads == 1


def test_an_unknown_kid_is_401_and_does_not_make_us_read_again_and_again(
    provider: Provider,
) -> None:
    keys = SigningKeys(provider.url)
    stranger = rsa.generate_private_key(65537, 2048)
    token = jwt.encode(CLAIMS, stranger, "RS256", headers={"kid": "unknown"})

    codes = [refusal(token, signing_keys=keys).code for _ in range(5)]

    assert codes == ["invalid_token"] * 5
    assert provider.reads == 1


@pytest.mark.parametrize("kid", [None, 7, ["one"]], ids=["none", "a number", "a list"])
def test_a_kid_that_is_no_text_is_401(provider: Provider, kid: Any) -> None:
    head = {"alg": "RS256", "kid": kid}
    parts = [base64url_encode(json.dumps(part).encode()) for part in (head, CLAIMS)]
    token = b".".join([*parts, b"c2lnbmF0dXJl"]).decode()

    assert refusal(token, signing_keys=SigningKeys(provider.url)).status == 401


def test_a_token_without_kid_is_checked_with_the_only_key(provider: Provider) -> None:
    keys = SigningKeys(provider.url)
    stranger = rsa.generate_private_key(65537, 2048)

    good = jwt.encode(CLAIMS, provider.keys["one"], "RS256")
    assert verifier(signing_keys=keys).verify(good).user_id == "user-1"
    assert refusal(jwt.encode(CLAIMS, stranger, "RS256"), signing_keys=keys).status == 401

    provider.keys["two"] = stranger
    assert refusal(good, signing_keys=SigningKeys(provider.url)).code == "invalid_token"


def test_another_key_under_a_known_kid_is_401(provider: Provider) -> None:
    stranger = rsa.generate_private_key(65537, 2048)
    token = jwt.encode(CLAIMS, stranger, "RS256", headers={"kid": "one"})

    assert refusal(token, signing_keys=SigningKeys(provider.url)).code == "invalid_token"


def test_the_public_key_is_no_hs256_secret(provider: Provider) -> None:
    public = provider.keys["one"].public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [{"alg": "HS256", "kid": "one"}, CLAIMS]
    signing_input = b".".join(base64url_encode(json.dumps(part).encode()) for part in parts)
    signature = base64url_encode(hmac.digest(pem, signing_input, "sha256"))
    token = b".".join([signing_input, signature]).decode()

    for secret in (None, SECRET):
        error = refusal(token, secret=secret, signing_keys=SigningKeys(provider.url))
        assert error.code == "invalid_token"


def test_published_keys_of_other_kinds_are_not_used(provider: Provider) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    provider.extra = [
        ECAlgorithm.to_jwk(curve.public_key(), as_dict=True) | {"kid": "curve"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        {"kty": "RSA", "kid": "damaged"},
    ]
    keys = SigningKeys(provider.url)

    for kid in ("curve", "shared", "damaged"):
        token = jwt.encode(CLAIMS, provider.keys["one"], "RS256", headers={"kid": kid})
        assert refusal(token, signing_keys=keys).status == 401
    assert verifier(signing_keys=keys).verify(provider.sign()).user_id == "user-1"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_new_key_is_found_after_the_pause_between_two_reads(provider: Provider) -> None:
    clock = Clock()
    keys = SigningKeys(provider.url, clock)
    verifier(signing_keys=keys).verify(provider.sign())
    provider.keys["two"] = rsa.generate_private_key(65537, 2048)
    assert refusal(provider.sign("two"), signing_keys=keys).code == "invalid_token"

    clock.now += signing_keys.READ_AGAIN_AFTER_SECONDS

    assert verifier(signing_keys=keys).verify(provider.sign("two")).user_id == "user-1"


def test_a_withdrawn_key_ends_when_the_keys_are_read_again(provider: Provider) -> None:
    clock = Clock()
    keys, token = SigningKeys(provider.url, clock), provider.sign()
    verifier(signing_keys=keys).verify(token)
    provider.keys = {"two": rsa.generate_private_key(65537, 2048)}

    clock.now += signing_keys.FRESH_SECONDS

    assert refusal(token, signing_keys=keys).code == "invalid_token"


def test_a_provider_that_is_away_is_503_and_asked_only_once_in_a_while(provider: Provider) -> None:
    provider.broken = True
    keys = SigningKeys(provider.url)

    errors = [refusal(provider.sign(), signing_keys=keys) for _ in range(3)]

    assert [type(error) for error in errors] == [Unavailable] * 3
    assert {error.code for error in errors} == {"identity_provider_unavailable"}
    assert provider.reads == 1


def test_known_keys_serve_for_an_hour_while_the_provider_is_away(provider: Provider) -> None:
    clock = Clock()
    keys, token = SigningKeys(provider.url, clock), provider.sign()
    verifier(signing_keys=keys).verify(token)
    provider.broken = True

    clock.now += signing_keys.FRESH_SECONDS
    assert verifier(signing_keys=keys).verify(token).user_id == "user-1"

    clock.now += signing_keys.USABLE_SECONDS
    assert refusal(token, signing_keys=keys).code == "identity_provider_unavailable"


def test_an_rs256_token_needs_a_provider(provider: Provider) -> None:
    assert "HS256" in refusal(provider.sign()).message


def test_a_provider_that_is_away_is_answered_with_503(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.broken = True
    away = verifier(signing_keys=SigningKeys(provider.url))
    monkeypatch.setattr(authentication, "token_verifier", lambda: away)
    header = {"Authorization": f"Bearer {provider.sign()}"}

    answer = Client().get("/api/v1/probe/whoami", headers=header)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["error"]["code"] == "identity_provider_unavailable"
