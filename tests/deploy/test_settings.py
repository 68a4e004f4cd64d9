"""Compose, .env.example and the product's reader of the environment know the same names."""

import re

import pytest

from chat_project.settings.environment import Environment
from tests.deploy.compose import FILLED_IN, PROCESSES, REQUIRED, ROOT, Compose, Refused

FIXED_IN_COMPOSE = {
    "DJANGO_DEBUG",  # compose is production
    "METRICS_PORT",  # each container has all ports
    "PORT",
    "KAFKA_SECURITY_PROTOCOL",  # this network's brokers speak PLAINTEXT
    "KAFKA_SASL_MECHANISM",
    "KAFKA_SASL_USERNAME",
    "KAFKA_SASL_PASSWORD",
    "KAFKA_SSL_CA_LOCATION",
    "ATTACHMENT_FOLDER",  # a volume is mounted there
    "HISTORY_MONGODB_URI",  # of one command, to which `run -e` gives them: docs/moving.md
    "HISTORY_FILES_ENDPOINT_URL",
    "HISTORY_FILES_REGION",
    "HISTORY_FILES_ACCESS_KEY",
    "HISTORY_FILES_SECRET_KEY",
}


def product_settings() -> set[str]:
    return {name.upper() for name in Environment.model_fields}


def example() -> dict[str, str]:
    """What a copy of .env.example that nobody has filled in says."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if re.match(r"\w+=", line)]
    return dict(pairs)


def as_the_product_reads_it(
    compose: Compose, name: str, monkeypatch: pytest.MonkeyPatch
) -> Environment:
    for setting in product_settings():
        monkeypatch.delenv(setting, raising=False)
    for setting, value in compose.environment(name).items():
        monkeypatch.setenv(setting, value)
    return Environment(_env_file=None)  # type: ignore[call-arg]


@pytest.mark.parametrize("name", PROCESSES)
def test_every_name_that_a_process_gets_is_read_by_it(compose: Compose, name: str) -> None:
    read_by_gunicorn = set(
        re.findall(r'environ\S*\(\s*"(\w+)"', (ROOT / "chat_project/gunicorn.conf.py").read_text())
    )

    assert set(compose.environment(name)) <= product_settings() | read_by_gunicorn


def test_every_setting_of_the_product_can_be_given_to_compose(compose: Compose) -> None:
    given = product_settings() - FIXED_IN_COMPOSE

    assert set(compose.environment("api")) - {"PROMETHEUS_MULTIPROC_DIR"} == given
    assert set(compose.environment("consumer")) == given - {"WEB_CONCURRENCY"}


@pytest.mark.parametrize("name", PROCESSES)
def test_the_product_accepts_what_compose_gives_it(
    compose: Compose, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = as_the_product_reads_it(compose, name, monkeypatch)

    assert not environment.django_debug
    assert environment.kafka_partitions == Environment.model_fields["kafka_partitions"].default
    secrets = {name for name, field in Environment.model_fields.items() if not field.repr}
    assert {secret for secret in secrets if getattr(environment, secret)} == {
        *("django_secret_key", "jwt_secret", "mongodb_uri", "redis_url")
    }


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_compose_refuses_without_a_required_setting_and_names_it(name: str) -> None:
    with pytest.raises(Refused, match=f"^{name} is missing"):
        Compose({key: value for key, value in FILLED_IN.items() if key != name})


@pytest.mark.parametrize("name", sorted(REQUIRED - {"JWT_SECRET"}))
def test_compose_refuses_an_empty_required_setting(name: str) -> None:
    with pytest.raises(Refused, match=f"^{name} is missing"):
        Compose(FILLED_IN | {name: ""})


def test_an_identity_provider_replaces_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"JWT_SECRET": "", "JWT_JWKS_URL": "https://login.example/jwks"}

    assert as_the_product_reads_it(Compose(FILLED_IN | keys), "api", monkeypatch).jwt_jwks_url


def test_the_product_refuses_an_empty_secret_that_compose_lets_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ValueError, match="JWT_SECRET is missing"):
        as_the_product_reads_it(Compose(FILLED_IN | {"JWT_SECRET": ""}), "api", monkeypatch)


def test_nothing_starts_with_the_example_as_it_is() -> None:
    assert set(example().values()) == {""}
    for name in REQUIRED:
        others = {key: value for key, value in FILLED_IN.items() if key != name}
        with pytest.raises(Refused, match=f"^{name} is missing"):
            Compose(example() | others)


def test_the_example_names_what_is_required_and_nothing_unknown(compose: Compose) -> None:
    text = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^#?([A-Z_]+)=", text, flags=re.MULTILINE))

    assert REQUIRED <= named <= compose.variables
