"""For how long a token that was verified once is taken as good."""

import jwt
import pytest
from django.test import Client

from chat_project.api import authentication
from tests.api.token_making import signed, verifier


@pytest.mark.parametrize("end", [2**53, 2**64, 10**400], ids=["2**53", "2**64", "10**400"])
def test_a_token_without_a_near_end_is_good(end: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """10**400 is JSON's and Python's, and no float."""
    own = verifier()
    monkeypatch.setattr(authentication, "token_verifier", lambda: own)
    header = {"Authorization": f"Bearer {signed(exp=end)}"}

    assert Client().get("/api/v1/probe/whoami", headers=header).status_code == 200
    monkeypatch.setattr(jwt, "decode", lambda *_, **__: pytest.fail("verified again"))
    assert Client().get("/api/v1/probe/whoami", headers=header).status_code == 200
