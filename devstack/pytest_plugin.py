"""pytest on real servers: `-p devstack.pytest_plugin` (pyproject.toml loads it).

Addresses in the environment win; otherwise the instance `test` is started. It starts before Django
reads its settings, which pytest-django does while the first conftest files load.
"""

import os
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient

from devstack.class_archive import make_class_archive
from devstack.errors import StackError
from devstack.shared_use import SharedUse
from devstack.stack import Stack

ADDRESSES = ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI", "REDIS_URL")
TEST_INSTANCE = "test"
SET_BY_US = "DEVSTACK_SET_BY_PYTEST"
"""Names of variables, separated by spaces."""

RUN = uuid.uuid4().hex[:12]
NAMES_OF_THIS_RUN = {
    "KAFKA_TOPIC_PREFIX": f"test-{RUN}",
    "KAFKA_GROUP_ID": f"test-{RUN}",
    "MONGODB_DATABASE": f"chat_test_{RUN}",
}
WITHOUT_LIMITS = {
    "RATE_LIMIT_MESSAGES_PER_SECOND": "0",
    "RATE_LIMIT_TENANT_MESSAGES_PER_SECOND": "0",
}
"""Tests send as fast as they can; those of the limits set some of their own."""

StackFactory = Callable[..., Stack]

_in_use: pytest.StashKey[SharedUse] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """A wrapper, so that it runs before pytest-django's own hook of this name."""
    options = early_config.known_args_namespace
    _forget_what_a_controller_set()
    given = all(os.environ.get(name) for name in ADDRESSES)
    ours = NAMES_OF_THIS_RUN | WITHOUT_LIMITS
    _set({name: value for name, value in ours.items() if name not in os.environ})
    if not given:
        worker = os.environ.get("PYTEST_XDIST_WORKER")
        stack = Stack(f"{TEST_INSTANCE}-{worker}" if worker else TEST_INSTANCE)
        runs_tests = worker or not getattr(options, "numprocesses", None)
        if not (options.help or options.version or options.collectonly):
            if runs_tests:
                use = early_config.stash[_in_use] = _start(stack)
                early_config.add_cleanup(lambda: _clean_up(use))  # runs even if the set-up fails
            else:
                _prepare_workers()
        _set({name: value for name, value in stack.env().items() if name not in os.environ})
    return (yield)


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> Stack:
    """The running instance; for tests that look at its servers, not for breaking them."""
    use = pytestconfig.stash.get(_in_use, None)
    if use is None:
        pytest.skip("the servers' addresses come from the environment, so they are not ours")
    return use.stack


@pytest.fixture(scope="module")
def private_stack() -> Iterator[StackFactory]:
    """Makes instances that a fault test may break: `private_stack(brokers=3)`.

    Takes what Stack takes, but the name. Each is started, and deleted after the module.
    """
    made: list[Stack] = []

    def make(*, brokers: int = 1, mongodb_members: int = 1) -> Stack:
        name = f"private-{uuid.uuid4().hex[:8]}"
        made.append(Stack(name, brokers=brokers, mongodb_members=mongodb_members))
        return made[-1].up()

    yield make
    for stack in made:
        stack.reset()


def _set(values: Mapping[str, str]) -> None:
    """Notes the names too, for pytest-xdist's workers, which inherit the environment."""
    os.environ.update(values)
    os.environ[SET_BY_US] = " ".join([*os.environ.get(SET_BY_US, "").split(), *values])


def _forget_what_a_controller_set() -> None:
    """A worker has an instance and names of its own, so that two of them never meet."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        for name in os.environ.pop(SET_BY_US, "").split():
            del os.environ[name]


def _start(stack: Stack) -> SharedUse:
    try:
        return SharedUse(stack)
    except StackError as error:
        raise pytest.UsageError(f"devstack: {error}") from None


def _prepare_workers() -> None:
    try:
        make_class_archive()
    except StackError as error:
        raise pytest.UsageError(f"devstack: {error}") from None


def _clean_up(use: SharedUse) -> None:
    """Deletes what this run made under its own names, and leaves the servers as it found them."""
    try:
        _drop_databases()
        _delete_topics()
    finally:
        use.end()


def _drop_databases() -> None:
    """Also the one that Django's test runner names after it."""
    client: MongoClient[dict[str, Any]] = MongoClient(os.environ["MONGODB_URI"])
    with client:
        for name in client.list_database_names():
            if name.endswith(NAMES_OF_THIS_RUN["MONGODB_DATABASE"]):
                client.drop_database(name)


def _delete_topics() -> None:
    admin = AdminClient({"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]})
    prefix = NAMES_OF_THIS_RUN["KAFKA_TOPIC_PREFIX"]
    topics = [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]
    if topics:
        for deletion in admin.delete_topics(topics, operation_timeout=10).values():
            deletion.result()
