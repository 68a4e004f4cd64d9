"""One change and one fill (or two changes) in every order of their steps: nothing stale stays."""

from collections.abc import Callable
from itertools import permutations
from threading import Semaphore, Thread, current_thread
from typing import Any

import pytest
from typing_extensions import override

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import cache, selectors, services
from conversations.cache import Lookup, lookups
from conversations.services import opening, participation, settings
from conversations.values import ConversationSettings, Person, Role
from tests.conversations.conftest import person

Action = Callable[[], Any]


class Actor(Thread):
    """Runs one action, a step at a time; a step ends where the next one begins."""

    def __init__(self, action: Action) -> None:
        super().__init__(daemon=True)
        self._action = action
        self._go, self._stopped = Semaphore(0), Semaphore(0)
        self._is_done = False
        self.error: BaseException | None = None

    def begin(self) -> None:
        self.start()
        self._wait()

    def step(self) -> None:
        self._go.release()
        self._wait()

    def finish(self) -> None:
        """Takes the steps that are left, in case there was more to do than usual."""
        while not self._is_done:
            self.step()

    def pause(self) -> None:
        self._stopped.release()
        self._go.acquire()

    def _wait(self) -> None:
        assert self._stopped.acquire(timeout=20), "the step did not end"
        if self.error:
            raise self.error

    @override
    def run(self) -> None:
        try:
            self._action()
        except BaseException as error:
            self.error = error
        self._is_done = True
        self._stopped.release()


def stepwise(function: Callable[..., Any]) -> Callable[..., Any]:
    def paused(*arguments: Any, **options: Any) -> Any:
        actor = current_thread()
        if isinstance(actor, Actor):
            actor.pause()
        return function(*arguments, **options)

    return paused


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader's steps: version, roles, fill. A writer's: commit, cache."""
    for module, name in [
        (selectors, "settings_and_version"),
        (selectors, "memberships"),
        (lookups, "_fill"),
        (participation, "in_transaction"),
        (settings, "in_transaction"),
        (opening, "in_transaction"),
        (cache, "publish"),
    ]:
        monkeypatch.setattr(module, name, stepwise(getattr(module, name)))


def play(order: tuple[str, ...], actors: dict[str, Actor]) -> None:
    for actor in actors.values():
        actor.begin()
    for name in order:
        actors[name].step()
    for actor in actors.values():
        actor.finish()


def orders(*steps_of: tuple[str, int]) -> list[tuple[str, ...]]:
    letters = [name for name, count in steps_of for _ in range(count)]
    return sorted(set(permutations(letters)))


def stored_role(conversation_id: str, user_id: str) -> Role | None:
    stored = collection("participants").find_one(
        {"conversationId": conversation_id, "userId": user_id}
    )
    return Role(stored["role"]) if stored else None


def cached_role(conversation_id: str, user_id: str) -> Role | None:
    return cache.look_up([Lookup(conversation_id, user_id)])[0].membership.role


def cached_settings(conversation_id: str) -> ConversationSettings | None:
    return cache.look_up([Lookup(conversation_id, "user-1")])[0].settings


def remove(conversation_id: str, user: Person) -> None:
    services.remove_participant(conversation_id, user.user_id)


def silence(conversation_id: str, user: Person) -> None:
    services.change_role(conversation_id, user.user_id, Role.READ_ONLY)


def join(conversation_id: str, user: Person) -> None:
    services.add_participants(conversation_id, [user], Role.MEMBER)


CHANGES = [(remove, True, None), (silence, True, Role.READ_ONLY), (join, False, Role.MEMBER)]


@pytest.mark.parametrize("order", orders(("reader", 3), ("writer", 2)), ids="-".join)
@pytest.mark.parametrize(
    ("change", "member", "expected"), CHANGES, ids=["remove", "silence", "join"]
)
def test_a_fill_never_outlives_a_change(
    group: ConversationSettings,
    steps: None,
    change: Callable[[str, Person], None],
    member: bool,
    expected: Role | None,
    order: tuple[str, ...],
) -> None:
    user = person()
    if member:
        join(group.id, user)
        _forget_members(group.id)

    play(
        order,
        {
            "reader": Actor(lambda: cached_role(group.id, user.user_id)),
            "writer": Actor(lambda: change(group.id, user)),
        },
    )

    assert cached_role(group.id, user.user_id) is expected


@pytest.mark.parametrize("order", orders(("first", 2), ("second", 2)), ids="-".join)
def test_of_two_changes_the_later_one_stays(
    group: ConversationSettings, steps: None, order: tuple[str, ...]
) -> None:
    user = person()
    join(group.id, user)

    play(
        order,
        {
            "first": Actor(lambda: silence(group.id, user)),
            "second": Actor(
                lambda: services.change_role(group.id, user.user_id, Role.ADMIN),
            ),
        },
    )

    assert cached_role(group.id, user.user_id) is stored_role(group.id, user.user_id)


@pytest.mark.parametrize("order", orders(("reader", 3), ("writer", 2)), ids="-".join)
def test_a_fill_never_outlives_an_archive(
    group: ConversationSettings, steps: None, order: tuple[str, ...]
) -> None:
    lookups.guarded(lambda redis: redis.delete(f"conversation:{group.id}"))

    play(
        order,
        {
            "reader": Actor(lambda: cached_settings(group.id)),
            "writer": Actor(lambda: services.archive(group.id)),
        },
    )

    known = cached_settings(group.id)
    assert known
    assert not known.is_active


@pytest.mark.parametrize("order", orders(("reader", 2), ("writer", 2)), ids="-".join)
def test_an_id_found_unknown_does_not_hide_the_conversation_founded_under_it(
    tenant: str, steps: None, order: tuple[str, ...]
) -> None:
    """The reader may find it after all, and then has a third step."""
    conversation_id, founder = new_id(), person()

    def found() -> None:
        services.create_teacher_group(
            tenant, "Tổ", founder=founder, conversation_id=conversation_id
        )

    play(
        order,
        {"reader": Actor(lambda: cached_settings(conversation_id)), "writer": Actor(found)},
    )

    assert cached_settings(conversation_id)


def _forget_members(conversation_id: str) -> None:
    """As after the cache's time to live."""
    lookups.guarded(lambda redis: redis.delete(f"conversation:{conversation_id}:members"))
