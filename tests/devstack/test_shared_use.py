from collections.abc import Iterator
from typing import Self

import pytest
from typing_extensions import override

from devstack import Stack, instance
from devstack.shared_use import SharedUse


class StackWithoutServers(Stack):
    running = False

    @property
    @override
    def is_running(self) -> bool:
        return self.running

    @override
    def up(self) -> Self:
        self.running = True
        return self

    @override
    def down(self) -> None:
        self.running = False


@pytest.fixture
def stack(idle_stack: Stack) -> Iterator[StackWithoutServers]:
    yield StackWithoutServers(idle_stack.name)
    (instance.ROOT / f"{idle_stack.name}.users").unlink()


def test_the_last_user_stops_what_the_first_started(stack: StackWithoutServers) -> None:
    first, second = SharedUse(stack), SharedUse(stack)
    assert stack.running

    first.end()
    assert stack.running

    second.end()
    assert not stack.running


def test_what_somebody_else_started_keeps_running(stack: StackWithoutServers) -> None:
    stack.up()

    SharedUse(stack).end()

    assert stack.running


def test_a_stack_that_was_started_by_hand_after_a_test_run_keeps_running(
    stack: StackWithoutServers,
) -> None:
    SharedUse(stack).end()
    stack.up()

    SharedUse(stack).end()

    assert stack.running
