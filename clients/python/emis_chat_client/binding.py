"""Makes methods of the functions in `calls`: the same parameters, and the answer's data.

So each endpoint is written down once, and the two clients cannot differ.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from emis_chat_client.call import Call
from emis_chat_client.models import History, Message
from emis_chat_client.paging import Page, first_part, messages_of, next_page, next_part

P = ParamSpec("P")
T = TypeVar("T")


class Runs(Protocol):
    def run(self, call: Call[T]) -> T: ...


class AsyncRuns(Protocol):
    async def run(self, call: Call[T]) -> T: ...


def method(build: Callable[P, Call[T]]) -> Callable[Concatenate[Runs, P], T]:
    @wraps(build)
    def run(self: Runs, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.run(build(*args, **kwargs))

    return run


def async_method(build: Callable[P, Call[T]]) -> Callable[Concatenate[AsyncRuns, P], Awaitable[T]]:
    @wraps(build)
    async def run(self: AsyncRuns, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.run(build(*args, **kwargs))

    return run


def each_item(
    build: Callable[P, Call[Page[T]]],
) -> Callable[Concatenate[Runs, P], Iterator[T]]:
    """All items of all pages, each page asked for when it is reached."""

    @wraps(build)
    def iterate(self: Runs, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        call: Call[Page[T]] | None = build(*args, **kwargs)
        while call is not None:
            page = self.run(call)
            yield from page.items
            call = next_page(call, page)

    return iterate


def async_each_item(
    build: Callable[P, Call[Page[T]]],
) -> Callable[Concatenate[AsyncRuns, P], AsyncIterator[T]]:
    @wraps(build)
    async def iterate(self: AsyncRuns, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        call: Call[Page[T]] | None = build(*args, **kwargs)
        while call is not None:
            page = await self.run(call)
            for item in page.items:
                yield item
            call = next_page(call, page)

    return iterate


def each_message(
    build: Callable[P, Call[History]],
) -> Callable[Concatenate[Runs, P], Iterator[Message]]:
    """The whole history in the cursor's direction."""

    @wraps(build)
    def iterate(self: Runs, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[Message]:
        call: Call[History] | None = first_part(build(*args, **kwargs))
        while call is not None:
            part = self.run(call)
            yield from messages_of(call, part)
            call = next_part(call, part)

    return iterate


def async_each_message(
    build: Callable[P, Call[History]],
) -> Callable[Concatenate[AsyncRuns, P], AsyncIterator[Message]]:
    @wraps(build)
    async def iterate(
        self: AsyncRuns, /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncIterator[Message]:
        call: Call[History] | None = first_part(build(*args, **kwargs))
        while call is not None:
            part = await self.run(call)
            for message in messages_of(call, part):
                yield message
            call = next_part(call, part)

    return iterate
