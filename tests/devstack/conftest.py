"""Instances of this folder's tests; none of them needs Django, its database or its topics."""

import uuid
from collections.abc import Iterator

import pytest

from devstack import Stack


@pytest.fixture(scope="session", autouse=True)
def django_db_setup() -> None:
    """Not here: these tests are about the servers alone."""


@pytest.fixture
def idle_stack() -> Iterator[Stack]:
    """An instance of its own that is not started."""
    stack = Stack(f"private-{uuid.uuid4().hex[:8]}")
    yield stack
    stack.reset()
