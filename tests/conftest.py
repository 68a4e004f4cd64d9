"""Fixtures for every test. Servers and unique names of topics and database: devstack's plugin.

Nothing is cleaned between tests: each takes ids of its own.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoDbBlocker

from chat_project import mongodb
from chat_project.identifiers import new_id
from chat_project.settings.environment import environment
from conversations import services
from conversations.values import ConversationSettings, Person
from tests.order import long_ones_first
from tests.product import Product, running_product

MakeToken = Callable[..., str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
        items[:] = long_ones_first(items, lambda item: item.nodeid, workers)


@pytest.fixture(scope="session", autouse=True)
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The session's own database and topics, made once; tests need no django_db mark."""
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        call_command("create_indexes")
        call_command("create_topics")
        yield


@pytest.fixture(scope="session")
def database(django_db_setup: None) -> None:
    """Says that a test reads or writes the session's database."""


@pytest.fixture(scope="session")
def product(database: None) -> Iterator[Product]:
    """The one that every module uses which neither breaks it nor needs settings of its own."""
    with running_product() as running:
        yield running


@pytest.fixture
def tokens() -> MakeToken:
    """Makes a valid token: `tokens(user_id, tenant_id, name=…, **other_claims)`."""

    def make(user_id: str, tenant_id: str, *, name: str | None = None, **claims: Any) -> str:
        payload = {
            "UserId": user_id,
            "TenantId": tenant_id,
            "iss": environment().jwt_issuer,
            "aud": environment().jwt_audience,
            "exp": datetime.now(UTC) + timedelta(hours=1),
            **({"name": name} if name else {}),
            **claims,
        }
        return jwt.encode(payload, environment().jwt_secret, "HS256")

    return make


class Api:
    """Django's test client as one signed-in user; answers are Django's responses."""

    def __init__(self, user_id: str, tenant_id: str, token: str, name: str | None = None) -> None:
        self.person = Person(user_id, name or f"User {user_id[-4:]}")
        self.user_id = user_id
        self.tenant_id = tenant_id
        self.token = token
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """Sends JSON; header names are written with underscores (`idempotency_key`)."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, body, content_type="application/json", headers=named)

    def put(self, path: str, body: Any = None) -> Any:
        """Sends JSON, or nothing."""
        return self.client.put(path, "" if body is None else body, content_type="application/json")

    def delete(self, path: str) -> Any:
        return self.client.delete(path)


@pytest.fixture
def api(tokens: MakeToken) -> Callable[..., Api]:
    """Signs a user in: `api(user_id, tenant_id)`; a new user of a new school by default."""

    def sign_in(
        user_id: str | None = None, tenant_id: str | None = None, *, name: str | None = None
    ) -> Api:
        user_id, tenant_id = user_id or new_id(), tenant_id or new_id()
        return Api(user_id, tenant_id, tokens(user_id, tenant_id, name=name), name)

    return sign_in


@pytest.fixture
def new_conversation(database: None) -> Callable[..., ConversationSettings]:
    """Founds a group in the founder's school: `new_conversation(founder, *members)`, each an Api.

    The founder is its Admin, the others are Members; other roles and types: `services`.
    """

    def found(founder: Api, *members: Api, name: str = "Tổ Toán") -> ConversationSettings:
        teachers = [member.person for member in members]
        return services.create_teacher_group(
            founder.tenant_id, name, founder=founder.person, teachers=teachers
        ).settings

    return found


@pytest.fixture
def forbidden() -> Iterator[str]:
    """A content that MongoDB refuses, as a validator of an operator's would."""
    word = f"forbidden-{new_id()}"
    mongodb.database().command("collMod", "messages", validator={"content": {"$ne": word}})
    yield word
    mongodb.database().command("collMod", "messages", validator={})
