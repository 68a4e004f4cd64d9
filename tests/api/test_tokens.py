import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
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
from chat_project.api.errors import ApiError, NotAuthenticated, Unavailable
from chat_project.api.signing_keys import SigningKeys
from chat_project.api.tokens import TokenUser, TokenVerifier
from chat_project.api.verified_tokens import VerifiedTokens
from chat_project.settings.environment import environment
from tests.conftest import Api, eventually

MakeToken = Callable[..., str]

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


@pytest.mark.parametrize(
    "claims",
    [
        {"UserId": "user-1", "sub": "other", "nameid": "other"},
        {"UserId": None, "sub": "user-1", "nameid": "other"},
        {"UserId": None, "nameid": "user-1"},
        {"UserId": None, LONG_CLAIM: "user-1"},
    ],
    ids=["UserId", "sub", "nameid", "the long claim"],
)
def test_the_user_is_found_in_each_claim_of_the_contract(claims: dict[str, Any]) -> None:
    assert verifier().verify(signed(**claims)) == TokenUser("user-1", "school-1", None)


def test_guids_of_a_token_are_lower_cased_and_other_ids_are_kept() -> None:
    user = verifier().verify(signed(UserId=GUID, TenantId="School-A"))

    assert (user.user_id, user.tenant_id) == (GUID.lower(), "School-A")


@pytest.mark.parametrize("claim", ["name", "unique_name", "UserName"])
def test_the_name_is_found_in_each_claim_of_the_contract(claim: str) -> None:
    assert verifier().verify(signed(**{claim: "Nguyễn Thị Hoa"})).name == "Nguyễn Thị Hoa"


def test_a_name_is_cut_to_255_utf16_units_and_never_inside_a_character() -> None:
    name = verifier().verify(signed(name="a" + "😀" * 200)).name

    assert name == "a" + "😀" * 127


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -290), ("nbf", 290)])
def test_clocks_may_differ_by_the_skew(claim: str, seconds: int) -> None:
    token = signed(**{claim: int(time.time()) + seconds})

    assert verifier().verify(token).user_id == "user-1"


def forged() -> str:
    head, _body, signature = signed().split(".")
    return ".".join([head, base64url_encode(b'{"UserId":"x"}').decode(), signature])


def unsigned() -> str:
    return jwt.encode(CLAIMS, None, "none")


def deeply_nested() -> str:
    return base64url_encode(b"[" * 6_000).decode() + ".e30.x"


@pytest.mark.parametrize(
    ("token", "code", "said"),
    [
        (signed(exp=NOW - 3_600), "token_expired", "expired"),
        (signed(nbf=NOW + 86_000), "invalid_token", "not valid yet"),
        (signed(exp=None), "invalid_token", "exp"),
        (signed(exp=float("inf")), "invalid_token", "cannot be read"),
        (signed(iss="other"), "invalid_token", "iss"),
        (signed(iss=None), "invalid_token", "iss"),
        (signed(aud="other"), "invalid_token", "aud"),
        (signed(aud=None), "invalid_token", "aud"),
        (signed(UserId=None), "invalid_token", "UserId or sub or nameid"),
        (signed(TenantId=None), "invalid_token", "TenantId"),
        (signed(TenantId=7), "invalid_token", "TenantId"),
        (signed(UserId=""), "invalid_token", "UserId"),
        (signed(UserId="x" * 256), "invalid_token", "UserId"),
        (signed(UserId="half \ud800"), "invalid_token", "UserId"),
        (signed("another-secret-of-more-than-32-characters"), "invalid_token", "signature"),
        (signed(SECRET * 2, "HS512"), "invalid_token", "HS256"),
        (forged(), "invalid_token", "signature"),
        (unsigned(), "invalid_token", "HS256"),
        (deeply_nested(), "invalid_token", "cannot be read"),
        ("not-a-token", "invalid_token", "cannot be read"),
        ("a.b.c", "invalid_token", "cannot be read"),
        ("é.ü.ß", "invalid_token", "cannot be read"),
    ],
    ids=[
        "expired",
        "nbf ahead",
        "no exp",
        "exp is infinite",
        "other issuer",
        "no issuer",
        "other audience",
        "no audience",
        "no user",
        "no tenant",
        "tenant is a number",
        "user is empty",
        "user is too long",
        "user is no text",
        "other secret",
        "HS512",
        "forged body",
        "alg none",
        "header nested 6,000 deep",
        "no token at all",
        "three parts of nothing",
        "not ASCII",
    ],
)
def test_a_bad_token_is_refused_and_the_answer_says_why(token: str, code: str, said: str) -> None:
    error = refusal(token)

    assert (type(error), error.status, error.code) == (NotAuthenticated, 401, code)
    assert said in error.message


def test_a_remembered_token_ends_when_it_expires() -> None:
    skewed = verifier(skew_seconds=300)
    token = signed(exp=int(time.time()) - 298)
    assert skewed.verify(token).user_id == "user-1"

    def refused() -> str | None:
        try:
            skewed.verify(token)
        except NotAuthenticated as error:
            return error.code
        return None

    assert eventually(refused) == "token_expired"


def test_a_token_is_verified_once_while_it_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    once, token = verifier(), signed()
    first = once.verify(token)
    monkeypatch.setattr(jwt, "decode", lambda *_, **__: pytest.fail("verified again"))

    assert once.verify(token) is first


def test_the_memory_of_tokens_is_bounded_and_drops_the_least_used() -> None:
    memory = VerifiedTokens[int](max_remembered=2)
    memory.remember("a", 1, valid_until=100.0)
    memory.remember("b", 2, valid_until=100.0)
    assert memory.get("a", now=0.0) == 1
    memory.remember("c", 3, valid_until=100.0)

    assert [memory.get(name, now=0.0) for name in "abc"] == [1, None, 3]


def test_a_remembered_token_is_gone_at_its_very_end() -> None:
    memory = VerifiedTokens[int]()
    memory.remember("a", 1, valid_until=100.0)

    assert memory.get("a", now=99.9) == 1
    assert memory.get("a", now=100.0) is None


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


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "authentication_required"),
        ("", "authentication_required"),
        ("Basic dXNlcjpwYXNz", "invalid_token"),
        ("Bearer", "invalid_token"),
        ("Bearer  ", "invalid_token"),
        ("Bearer not.a.token", "invalid_token"),
    ],
)
def test_a_request_without_a_good_token_is_401_with_the_scheme(
    header: str | None, code: str
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = Client().get("/api/v1/probe/whoami", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == code
    assert answer.json()["success"] is False


def test_a_request_with_a_good_token_is_its_users(api: Callable[..., Api]) -> None:
    answer = api("user-1", GUID, name="Hoa").get("/api/v1/probe/whoami")

    expected = {"userId": "user-1", "tenantId": GUID.lower(), "name": "Hoa"}
    assert answer.json()["data"] == expected


def test_the_scheme_matches_without_case(tokens: MakeToken) -> None:
    header = {"Authorization": f"bearer {tokens('user-1', 'school-1')}"}

    assert Client().get("/api/v1/probe/whoami", headers=header).status_code == 200


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


def test_the_skew_is_a_setting() -> None:
    assert environment().jwt_clock_skew_seconds == 300
    assert refusal(signed(exp=NOW - 1), skew_seconds=0).code == "token_expired"
