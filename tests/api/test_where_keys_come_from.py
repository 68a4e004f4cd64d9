"""Production reads the keys that tokens are judged by over https, or from its own machine."""

import pytest

from chat_project.settings.environment import Environment
from tests.api.test_settings import MANAGE, PRODUCTION, refused


@pytest.fixture(autouse=True)
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DJANGO_DEBUG", "")


def address_of_keys(url: str, monkeypatch: pytest.MonkeyPatch) -> str | None:
    monkeypatch.setenv("JWT_JWKS_URL", url)
    return Environment(_env_file=None).jwt_jwks_url  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example/jwks",
        "http://10.0.0.7/jwks",
        "http://localhost.example/jwks",
        "http://localhost@login.example/jwks",
        "http://localhost:80@login.example/jwks",
        "http://127.0.0.1.example/jwks",
        "http://[::2]/jwks",
    ],
)
def test_another_machine_is_not_asked_in_the_clear(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="JWT_JWKS_URL: must be https"):
        address_of_keys(url, monkeypatch)


@pytest.mark.parametrize(
    "url",
    [
        "https://login.example/jwks",
        "http://localhost:8080/jwks",
        "http://127.0.0.1/jwks",
        "http://[::1]:8080/jwks",
        "http://localhost",
    ],
)
def test_https_and_this_machine_are_taken(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert address_of_keys(url, monkeypatch) == url


def test_development_may_ask_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_DEBUG", "true")

    assert address_of_keys("http://keycloak:8080/jwks", monkeypatch) == "http://keycloak:8080/jwks"


def test_the_start_ends_with_one_line_that_names_the_setting() -> None:
    line = refused(MANAGE, PRODUCTION | {"JWT_JWKS_URL": "http://login.example/jwks"})

    assert line.startswith("Settings: JWT_JWKS_URL: must be https://")
    assert "login.example" not in line
