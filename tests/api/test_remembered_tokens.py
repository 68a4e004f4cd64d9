"""For how long a token that was verified once is taken as good."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from chat_project.api import authentication
from chat_project.api.errors import NotAuthenticated
from chat_project.api.signing_keys import FRESH_SECONDS, USABLE_SECONDS, SigningKeys
from tests.api.test_identity_provider import Clock, Provider, provider
from tests.api.token_making import signed, verifier

__all__ = ["provider"]


@pytest.mark.parametrize("end", [2**53, 2**64, 10**400], ids=["2**53", "2**64", "10**400"])
def test_a_token_without_a_near_end_is_good(end: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """10**400 is JSON's and Python's, and no float."""
    own = verifier()
    monkeypatch.setattr(authentication, "token_verifier", lambda: own)
    header = {"Authorization": f"Bearer {signed(exp=end)}"}

    assert Client().get("/api/v1/probe/whoami", headers=header).status_code == 200
    monkeypatch.setattr(jwt, "decode", lambda *_, **__: pytest.fail("verified again"))
    assert Client().get("/api/v1/probe/whoami", headers=header).status_code == 200


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = time.time()
    return clock


def test_a_withdrawn_key_ends_the_tokens_that_were_verified_with_it(
    provider: Provider, clock: Clock
) -> None:
    own = verifier(signing_keys=SigningKeys(provider.url, clock), clock=clock)
    token = provider.sign()
    own.verify(token)
    provider.keys = {"two": rsa.generate_private_key(65537, 2048)}

    clock.now += FRESH_SECONDS - 1
    assert own.verify(token).user_id == "user-1"
    clock.now += 1
    with pytest.raises(NotAuthenticated) as caught:
        own.verify(token)

    assert caught.value.code == "invalid_token"


def test_a_token_is_good_while_its_provider_is_away_and_its_key_is_known(
    provider: Provider, clock: Clock
) -> None:
    own = verifier(signing_keys=SigningKeys(provider.url, clock), clock=clock)
    token = provider.sign()
    own.verify(token)
    provider.broken = True

    clock.now += USABLE_SECONDS - 1

    assert own.verify(token).user_id == "user-1"


def test_a_token_of_the_shared_secret_is_verified_once(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, token = verifier(clock=clock), signed()
    first = own.verify(token)
    monkeypatch.setattr(jwt, "decode", lambda *_, **__: pytest.fail("verified again"))

    clock.now += FRESH_SECONDS

    assert own.verify(token) is first
