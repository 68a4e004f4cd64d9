"""Production refuses to start without each of its settings, and says so in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from chat_project.settings.environment import Environment

ROOT = Path(__file__).resolve().parent.parent.parent

PRODUCTION = {
    "DJANGO_SECRET_KEY": "a-production-key-that-is-long-enough-0123456789-abcdefghij",
    "ALLOWED_HOSTS": "chat.example",
    "JWT_SECRET": "a-production-secret-that-is-long-enough",
    "JWT_ISSUER": "emis",
    "JWT_AUDIENCE": "emis-chat",
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "MONGODB_URI": "mongodb://mongodb:27017/?replicaSet=rs0&w=majority&journal=true",
    "REDIS_URL": "redis:6379",
}
MANAGE = [sys.executable, "manage.py", "check"]
GUNICORN = [sys.executable, "-m", "gunicorn", "-c", "chat_project/gunicorn.conf.py"]


def start(command: list[str], settings: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    system = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    # `.env` of a developer must not fill in what the test leaves out.
    blank = dict.fromkeys([*PRODUCTION, "DJANGO_DEBUG", "JWT_JWKS_URL"], "")
    return subprocess.run(
        command,
        cwd=ROOT,
        env=system | blank | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(command: list[str], settings: dict[str, str]) -> str:
    finished = start(command, settings)
    assert finished.returncode == 1
    [line] = finished.stderr.strip().splitlines()
    return line


@pytest.mark.parametrize("name", PRODUCTION)
def test_production_names_the_setting_that_is_missing(name: str) -> None:
    assert name in refused(MANAGE, PRODUCTION | {name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DJANGO_SECRET_KEY", "short"),
        ("DJANGO_SECRET_KEY", "insecure-development-" + "x" * 50),
        ("JWT_SECRET", "short"),
        ("JWT_SECRET", "insecure-development-jwt-secret-that-production-refuses"),
        ("MONGODB_URI", "postgres://mongodb"),
        ("MONGODB_URI", "mongodb:///"),
        ("MONGODB_URI", "mongodb://chat:pass@word@mongodb"),
        ("MONGODB_URI", "mongodb+srv://mongodb.example:27017"),
        ("REDIS_URL", "localhost:abc"),
        ("REDIS_URL", "localhost"),
        ("REDIS_URL", "redis://:pass#word@redis:6379"),
        ("REDIS_URL", "unix:///run/redis.sock"),
        ("KAFKA_PARTITIONS", "0"),
        ("METRICS_PORT", "high"),
        ("WEB_CONCURRENCY", "many"),
        ("LOG_FORMAT", "xml"),
        ("TIME_ZONE", "Saigon"),
        ("TIME_ZONE", "Europe"),
        ("TIME_ZONE", "../UTC"),
        ("JWT_CLOCK_SKEW_SECONDS", "-1"),
        ("RATE_LIMIT_MESSAGES_PER_SECOND", "-1"),
        ("RATE_LIMIT_BURST", "1.5"),
        ("RATE_LIMIT_TENANT_MESSAGES_PER_SECOND", "many"),
        ("RATE_LIMIT_TENANT_BURST", "-1"),
        ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
        ("ATTACHMENT_BUCKET", "No Bucket"),
        ("ATTACHMENT_BUCKET_ENDPOINT_URL", "minio:9000"),
        ("ATTACHMENT_LINK_MINUTES", "0"),
        ("ATTACHMENT_LINK_BASE_URL", "chat.example"),
        ("ATTACHMENT_LINK_BASE_URL", "https://chat.example/"),
    ],
)
def test_production_names_the_setting_that_is_wrong_and_shows_no_value(
    name: str, value: str
) -> None:
    line = refused(MANAGE, PRODUCTION | {name: value})

    assert name.removesuffix("_SECURITY_PROTOCOL") in line
    assert name == "KAFKA_SECURITY_PROTOCOL" or value not in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONGODB_URI", "mongodb://a,b:27018/chat?replicaSet=rs0&w=majority&future=option"),
        ("MONGODB_URI", "mongodb+srv://chat:pass%40word@mongodb.example/?srvMaxHosts=2"),
        ("REDIS_URL", "rediss://:pass%40word@redis:6380/1"),
        ("REDIS_URL", "redis://redis"),
    ],
)
def test_other_forms_of_an_address_are_taken_as_they_are(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for setting, usual in (PRODUCTION | {name: value}).items():
        monkeypatch.setenv(setting, usual)

    read = Environment(_env_file=None)  # type: ignore[call-arg]

    assert getattr(read, name.lower()) == value


SECRET = "s3cret-" * 10
SECRETS = [
    name
    for name in Environment.model_fields
    if name.endswith(("secret", "secret_key", "password", "mongodb_uri", "redis_url"))
]


@pytest.mark.parametrize("name", SECRETS)
def test_no_text_of_the_settings_or_of_their_errors_shows_a_secret(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = {
        "mongodb_uri": f"mongodb://chat:{SECRET}@mongodb/",
        "redis_url": f"redis://:{SECRET}@redis:6379",
    }.get(name, SECRET)
    for setting, given in (PRODUCTION | BUCKET | {name.upper(): value}).items():
        monkeypatch.setenv(setting, given)
    read = Environment(_env_file=None)  # type: ignore[call-arg]

    monkeypatch.setenv("PORT", "high")
    with pytest.raises(ValidationError) as wrong:
        Environment(_env_file=None)  # type: ignore[call-arg]
    monkeypatch.setenv("PORT", "80")
    monkeypatch.setenv("ATTACHMENT_BUCKET", "")
    with pytest.raises(ValidationError) as half:
        Environment(_env_file=None)  # type: ignore[call-arg]

    assert SECRET in getattr(read, name)
    for told in (repr(read), str(read), str(wrong.value), repr(half.value)):
        assert SECRET not in told


BUCKET = {
    "ATTACHMENT_BUCKET": "school-files",
    "ATTACHMENT_BUCKET_ACCESS_KEY": "key",
    "ATTACHMENT_BUCKET_SECRET_KEY": "secret",
}


def test_attachments_may_lie_in_a_bucket() -> None:
    whole = BUCKET | {"ATTACHMENT_BUCKET_ENDPOINT_URL": "http://minio:9000"}

    assert start(MANAGE, PRODUCTION | whole).returncode == 0


@pytest.mark.parametrize("name", BUCKET)
def test_half_a_bucket_is_refused_and_the_other_half_is_named(name: str) -> None:
    line = refused(MANAGE, PRODUCTION | BUCKET | {name: ""})

    assert line.startswith(f"Settings: {name} is missing")


def test_development_values_are_offered_only_where_there_is_one() -> None:
    kafka = {
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "PLAIN",
        "KAFKA_SASL_USERNAME": "chat",
    }

    assert "DJANGO_DEBUG" in refused(MANAGE, PRODUCTION | {"JWT_SECRET": ""})
    assert "DJANGO_DEBUG" not in refused(MANAGE, PRODUCTION | kafka)


def test_the_line_has_no_words_of_the_library_that_checks() -> None:
    line = refused(MANAGE, PRODUCTION | {"REDIS_URL": "localhost"})

    assert line.startswith("Settings: REDIS_URL: must be redis://")


def test_gunicorn_refuses_with_the_same_line() -> None:
    line = refused([*GUNICORN, "chat_project.wsgi"], PRODUCTION | {"JWT_ISSUER": ""})

    assert "JWT_ISSUER is missing" in line


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "high"), ("PORT", "65536"), ("WEB_CONCURRENCY", "0")]
)
def test_gunicorn_refuses_its_own_settings_so_too(name: str, value: str) -> None:
    line = refused([*GUNICORN, "chat_project.wsgi"], PRODUCTION | {name: value})

    assert line.startswith(f"Settings: {name}: ")


def test_production_starts_with_all_of_them_and_no_warning_of_djangos() -> None:
    finished = start([*MANAGE, "--deploy", "--fail-level", "WARNING"], PRODUCTION)

    assert finished.returncode == 0, finished.stderr


def test_an_identity_provider_replaces_the_secret() -> None:
    settings = PRODUCTION | {"JWT_SECRET": "", "JWT_JWKS_URL": "https://login.example/jwks"}

    assert start(MANAGE, settings).returncode == 0


def test_development_needs_nothing_but_its_name() -> None:
    assert start(MANAGE, {"DJANGO_DEBUG": "true"}).returncode == 0
