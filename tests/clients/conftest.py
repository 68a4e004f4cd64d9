"""The product, people of one school, and both clients behind one face."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from emis_chat_client import AsyncClient, Client
from tests.clients.proxy import CuttingProxy
from tests.conftest import Api
from tests.messaging.conftest import colleague, group, mai
from tests.product import Product

__all__ = ["colleague", "group", "mai"]


class Blocking:
    """An AsyncClient that is called like a Client, on an event loop of its own."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncClient(*arguments, **options)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        found = getattr(self._client, name)

        def call(*arguments: Any, **named: Any) -> Any:
            made = found(*arguments, **named)
            return self._runner.run(_all(made) if hasattr(made, "__aiter__") else made)

        return call

    def close(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()


async def _all(iterator: AsyncIterator[Any]) -> list[Any]:
    return [each async for each in iterator]


Connect = Callable[..., Any]


@pytest.fixture(params=[Client, Blocking], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest, product: Product) -> Iterator[Connect]:
    """Makes a client of either kind: `connect(user)`, or `connect(user, url, **options)`."""
    made: list[Any] = []

    def connected(user: Api, url: str | None = None, **options: Any) -> Any:
        made.append(request.param(url or product.url, user.token, **options))
        return made[-1]

    yield connected
    for client in made:
        client.close()


@pytest.fixture
def proxy(product: Product) -> Iterator[CuttingProxy]:
    """Stands before the API."""
    with CuttingProxy(int(product.url.rpartition(":")[2])) as proxy:
        yield proxy
