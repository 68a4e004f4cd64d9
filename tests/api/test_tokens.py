import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.test import Client
from jwt.utils import base64url_encode

from chat_project.api.errors import NotAuthenticated
from chat_project.api.tokens import TokenUser
from chat_project.api.verified_tokens import VerifiedTokens
from chat_project.settings.environment import environment
from tests.api.token_making import CLAIMS, GUID, LONG_CLAIM, NOW, SECRET, refusal, signed, verifier
from tests.conftest import Api
from tests.waiting import wait_until

MakeToken = Callable[..., str]


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
        (signed(UserId="two\nlines"), "invalid_token", "UserId"),
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
        "user has a control character",
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

    assert wait_until(refused, "a refusal") == "token_expired"


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


def test_the_skew_is_a_setting() -> None:
    assert environment().jwt_clock_skew_seconds == 300
    assert refusal(signed(exp=NOW - 1), skew_seconds=0).code == "token_expired"
