"""The one reader of the environment: names, types, units, defaults, and what production demands.

`.env` at the repository root is read too; the environment wins. Names: contract section 8.
"""

import os
import re
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri
from redis.connection import parse_url

from chat_project.settings.development import DEVELOPMENT, INSECURE_PREFIX
from chat_project.settings.time_zone import TimeZone

BASE_DIR = Path(__file__).resolve().parent.parent.parent

CommaSeparated = Annotated[tuple[str, ...], NoDecode]

ANY_ORIGIN = "*"
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
_OF_THIS_MACHINE = re.compile(
    r"http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?(/.*)?"
)

SECRET = Field(repr=False)
"""Of a setting that is, or may hold, a secret: no text of the settings shows it."""


class SettingsError(ImproperlyConfigured):
    """A setting is missing or wrong; the text is one line that names it."""


class Environment(BaseSettings):
    """Everything that is configured from outside. Durations carry their unit in the name."""

    model_config = SettingsConfigDict(
        env_file=BASE_DIR / ".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    django_debug: bool = False
    django_secret_key: Annotated[str, Field(min_length=50), SECRET]
    allowed_hosts: CommaSeparated
    cors_allowed_origins: CommaSeparated = ()
    log_format: Literal["console", "json"] = "console"
    time_zone: TimeZone = "UTC"
    metrics_port: Annotated[int, Field(ge=1, le=65_535)] = 9404
    port: Annotated[int, Field(ge=1, le=65_535)] = 5004
    web_concurrency: Annotated[
        int, Field(ge=1, le=256, default_factory=lambda: _one_per_processor())
    ]

    # HS256: RFC 7518, 3.2
    jwt_secret: Annotated[Annotated[str, Field(min_length=32)] | None, SECRET] = None
    jwt_jwks_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    jwt_issuer: Annotated[str, Field(min_length=1)]
    jwt_audience: Annotated[str, Field(min_length=1)]
    jwt_clock_skew_seconds: Annotated[int, Field(ge=0, le=3_600)] = 300  # .NET's default

    kafka_bootstrap_servers: Annotated[str, Field(min_length=1)]
    kafka_topic_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")] = "emis"
    kafka_topics: CommaSeparated = ()
    kafka_partitions: Annotated[int, Field(ge=1, le=1_000)] = 10
    kafka_group_id: Annotated[str, Field(min_length=1)] = "emis-chat-service"
    kafka_client_id: str = "chat-consumer"
    kafka_producer_client_id: str = "chat-producer"
    kafka_group_protocol: Literal["classic", "consumer"] = "classic"
    kafka_session_timeout_ms: Annotated[int, Field(ge=1_000, le=300_000)] = 15_000
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    kafka_sasl_username: str | None = None
    kafka_sasl_password: Annotated[str | None, SECRET] = None
    kafka_ssl_ca_location: str | None = None
    dead_letter_run_limit: Annotated[int, Field(ge=1, le=10_000)] = 100

    mongodb_uri: Annotated[str, SECRET]
    mongodb_database: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,63}$")] = "emis_chat"
    redis_url: Annotated[str, SECRET]
    cache_ttl_minutes: Annotated[float, Field(gt=0, le=1_440)] = 5

    acceptance_record_minutes: Annotated[float, Field(gt=0, le=10_080)] = 60
    edit_window_minutes: Annotated[float, Field(ge=0, le=525_600)] = 15

    # Token buckets of one sender, and of all senders of a school; 0: no limit.
    rate_limit_messages_per_second: Annotated[float, Field(ge=0, le=100_000)] = 5
    rate_limit_burst: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    rate_limit_tenant_messages_per_second: Annotated[float, Field(ge=0, le=100_000)] = 1_000
    rate_limit_tenant_burst: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000

    attachment_folder: Annotated[str, Field(min_length=1)] = "attachments"
    attachment_bucket: Annotated[str, Field(pattern=r"^[a-z0-9.-]{3,63}$")] | None = None
    attachment_bucket_endpoint_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    attachment_bucket_region: str | None = None
    attachment_bucket_access_key: str | None = None
    attachment_bucket_secret_key: Annotated[str | None, SECRET] = None
    attachment_link_minutes: Annotated[float, Field(ge=1, le=10_080)] = 60
    attachment_link_base_url: Annotated[str, Field(pattern=r"^https?://.*[^/]$")] | None = None

    # Where the replaced system keeps its data and files: for import_history alone.
    history_mongodb_uri: Annotated[str | None, SECRET] = None
    history_files_endpoint_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    history_files_region: str | None = None
    history_files_access_key: str | None = None
    history_files_secret_key: Annotated[str | None, SECRET] = None

    @model_validator(mode="before")
    @classmethod
    def _fill_in_development(cls, values: dict[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in values.items() if value != ""}
        if str(given.get("django_debug", "")).lower() in {"true", "1", "yes", "on"}:
            development = {name.lower(): value for name, value in DEVELOPMENT.items()}
            if "jwt_jwks_url" in given:
                del development["jwt_secret"]
            return {**development, **given}
        return given

    @field_validator("allowed_hosts", "cors_allowed_origins", "kafka_topics", mode="before")
    @classmethod
    def _split(cls, value: str | tuple[str, ...]) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @field_validator("cors_allowed_origins")
    @classmethod
    def _refuse_no_origin(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        origins = tuple(each.lower() for each in value)
        if not all(each == ANY_ORIGIN or _ORIGIN.fullmatch(each) for each in origins):
            raise ValueError("must be origins, such as https://school.example:8443, by comma")
        return origins

    @field_validator("mongodb_uri")
    @classmethod
    def _refuse_no_mongodb(cls, value: str) -> str:
        if not _is_mongodb_address(value):
            raise ValueError(
                "must be mongodb://host:port,…/?replicaSet=… or mongodb+srv://name/…, user name and"
                " password percent-encoded"
            )
        return value

    @field_validator("redis_url")
    @classmethod
    def _accept_host_and_port(cls, value: str) -> str:
        is_url = "://" in value
        url = value if is_url else f"redis://{value}"
        address = _redis_address(url)
        if "host" not in address or not (is_url or "port" in address):
            raise ValueError(
                "must be redis://host:port/0, rediss://… or host:port, user name and password"
                " percent-encoded"
            )
        return url

    @model_validator(mode="after")
    def _refuse_an_unsafe_start(self) -> "Environment":
        if not (self.jwt_secret or self.jwt_jwks_url):
            raise ValueError("JWT_SECRET is missing (or set JWT_JWKS_URL)")
        if self.kafka_security_protocol.startswith("SASL"):
            for name in ("kafka_sasl_mechanism", "kafka_sasl_username", "kafka_sasl_password"):
                if not getattr(self, name):
                    raise ValueError(
                        f"{name.upper()} is missing (KAFKA_SECURITY_PROTOCOL is"
                        f" {self.kafka_security_protocol})"
                    )
        self._refuse_half_a_bucket()
        if not self.django_debug:
            self._refuse_development_values()
        return self

    def _refuse_half_a_bucket(self) -> None:
        rest = ("access_key", "secret_key", "endpoint_url", "region")
        given = [name for name in rest if getattr(self, f"attachment_bucket_{name}")]
        if self.attachment_bucket is None and given:
            raise ValueError(
                f"ATTACHMENT_BUCKET is missing (ATTACHMENT_BUCKET_{given[0].upper()} is set)"
            )
        for name in ("access_key", "secret_key"):
            if self.attachment_bucket is not None and name not in given:
                raise ValueError(
                    f"ATTACHMENT_BUCKET_{name.upper()} is missing (ATTACHMENT_BUCKET is set)"
                )

    def _refuse_development_values(self) -> None:
        for name in ("django_secret_key", "jwt_secret"):
            if (getattr(self, name) or "").startswith(INSECURE_PREFIX):
                raise ValueError(f"{name.upper()} has its development value: set a secret of yours")
        if not self.allowed_hosts:
            raise ValueError("ALLOWED_HOSTS is missing: the host names of this service, by comma")
        if ANY_ORIGIN in self.cors_allowed_origins:
            raise ValueError("CORS_ALLOWED_ORIGINS: * is for development; name the origins")
        keys_url = self.jwt_jwks_url or ""
        if keys_url.startswith("http:") and not _OF_THIS_MACHINE.fullmatch(keys_url):
            raise ValueError(
                "JWT_JWKS_URL: must be https://…, or http:// of this machine (localhost,"
                " 127.0.0.1, [::1])"
            )

    @property
    def message_topic(self) -> str:
        """The log of all conversations, `{prefix}.message.sent`."""
        return f"{self.kafka_topic_prefix}.message.sent"

    @property
    def dead_letter_topic(self) -> str:
        return f"{self.message_topic}.dlq"

    @property
    def roster_topic(self) -> str:
        """Where `import_roster` writes, and the platform by default: `{prefix}.student.created`."""
        return f"{self.kafka_topic_prefix}.student.created"

    @property
    def search_group_id(self) -> str:
        """The consumer group that fills the search, behind the one that stores messages."""
        return f"{self.kafka_group_id}-search"

    @property
    def subscribed_topics(self) -> tuple[str, ...]:
        """KAFKA_TOPICS, by default the two topics of contract section 8."""
        return self.kafka_topics or (self.roster_topic, self.message_topic)

    def kafka_connection(self) -> dict[str, str]:
        """librdkafka's settings for reaching the brokers, the same for every client."""
        optional = {
            "sasl.mechanism": self.kafka_sasl_mechanism,
            "sasl.username": self.kafka_sasl_username,
            "sasl.password": self.kafka_sasl_password,
            "ssl.ca.location": self.kafka_ssl_ca_location,
        }
        return {
            "bootstrap.servers": self.kafka_bootstrap_servers,
            "security.protocol": self.kafka_security_protocol,
            **{name: value for name, value in optional.items() if value},
        }


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The settings of this process, read once. Raises SettingsError with one line."""
    try:
        return Environment()  # type: ignore[call-arg]  # the values come from the environment
    except ValidationError as error:
        raise SettingsError(_in_one_line(error)) from None


def _one_per_processor() -> int:
    """Workers of the API, 2 to 8: what they do in Python, each does on one processor."""
    return min(8, max(2, len(os.sched_getaffinity(0))))


def _is_mongodb_address(uri: str) -> bool:
    """By pymongo's parser, without DNS: a `mongodb+srv` address's options are left out."""
    is_srv = uri.startswith("mongodb+srv://")
    plain = f"mongodb://{uri.removeprefix('mongodb+srv://').partition('?')[0]}"
    try:
        with warnings.catch_warnings(action="ignore"):  # of options; the client gives them too
            parsed = parse_uri(plain if is_srv else uri, default_port=None, warn=True)
    except (PyMongoError, ValueError):
        return False
    return not is_srv or [port for _, port in parsed["nodelist"]] == [None]


def _redis_address(url: str) -> dict[str, Any]:
    """What redis-py reads in it; empty when it cannot."""
    try:
        address: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]  # redis-py's own
    except ValueError:
        return {}
    return address


def _in_one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]).upper() if first["loc"] else ""
    text = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        problem = f"{name} is missing: set it in the environment or in .env"
    else:
        problem = f"{name}: {text}" if name else text
    subject, is_missing, _ = problem.partition(" is missing")
    has_value = is_missing and subject in DEVELOPMENT
    hint = " (DJANGO_DEBUG=true brings a development value)" if has_value else ""
    return f"Settings: {problem}{hint}"
