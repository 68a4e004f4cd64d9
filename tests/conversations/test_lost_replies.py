"""A commit that MongoDB makes and does not answer: the cache follows it."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from chat_project import mongodb
from chat_project.api.errors import Forbidden, NotFound
from chat_project.api.tokens import TokenUser
from conversations import cache, services
from conversations.cache import Found, Lookup
from conversations.services import erasure, participation, settings
from conversations.values import ConversationSettings, Person, Role
from tests.conversations.conftest import Count, person
from tests.waiting import wait_until

Change = Callable[[str, Person], object]


@pytest.fixture
def member(group: ConversationSettings) -> Person:
    """Of the group, and cached as that."""
    member = person()
    services.add_participants(group.id, [member], Role.MEMBER)
    assert found(group.id, member).membership.role is Role.MEMBER
    return member


def found(conversation_id: str, user: Person) -> Found:
    return cache.look_up([Lookup(conversation_id, user.user_id)])[0]


def lose_the_reply(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> None:
    real = module.in_transaction

    def lost(work: Any, **bounds: Any) -> None:
        real(work, **bounds)
        raise AutoReconnect("the reply of commitTransaction is lost")

    monkeypatch.setattr(module, "in_transaction", lost)


def as_user(group: ConversationSettings, user: Person) -> TokenUser:
    return TokenUser(user.user_id, group.tenant_id, user.user_name)


CHANGES: list[tuple[ModuleType, Change, Callable[[Found], bool]]] = [
    (
        participation,
        lambda id_, user: services.remove_participant(id_, user.user_id),
        lambda now: now.membership.role is None,
    ),
    (
        participation,
        lambda id_, user: services.change_role(id_, user.user_id, Role.READ_ONLY),
        lambda now: now.membership.role is Role.READ_ONLY,
    ),
    (
        settings,
        lambda id_, _user: services.archive(id_),
        lambda now: now.settings is not None and not now.settings.is_active,
    ),
    (
        erasure,
        lambda id_, user: erasure.erase_name(id_, user.user_id, [user.user_name]),
        lambda now: now.membership.user_name == erasure.ERASED_NAME,
    ),
]


@pytest.mark.parametrize(
    ("module", "change", "is_told"), CHANGES, ids=["remove", "silence", "archive", "erase"]
)
def test_a_change_reaches_the_cache_without_mongodbs_answer(
    group: ConversationSettings,
    member: Person,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    change: Change,
    is_told: Callable[[Found], bool],
) -> None:
    lose_the_reply(monkeypatch, module)

    with pytest.raises(AutoReconnect):
        change(group.id, member)

    assert wait_until(lambda: is_told(found(group.id, member)), "the change in the cache")


def test_a_newcomer_whose_adding_is_not_answered_may_write(
    group: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    newcomer = person()
    assert found(group.id, newcomer).membership.role is None
    lose_the_reply(monkeypatch, participation)

    with pytest.raises(AutoReconnect):
        services.add_participants(group.id, [newcomer], Role.MEMBER)

    assert wait_until(lambda: found(group.id, newcomer).membership.role, "the newcomer's role")


def test_a_commit_that_comes_later_is_waited_for(
    group: ConversationSettings, member: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads before it reads the old role."""
    with mongodb.client().start_session() as session:

        def on_its_way(work: Any) -> None:
            session.start_transaction()
            work(session)
            raise AutoReconnect("nobody knows whether commitTransaction has come")

        monkeypatch.setattr(participation, "in_transaction", on_its_way)
        with pytest.raises(AutoReconnect):
            services.remove_participant(group.id, member.user_id)
        wait_until(lambda: is_waiting_for(group.id), "a write that waits for the transaction")
        assert found(group.id, member).membership.role is Role.MEMBER
        session.commit_transaction()

    assert wait_until(
        lambda: found(group.id, member).membership.role is None, "the removal in the cache"
    )


def is_waiting_for(conversation_id: str) -> bool:
    stages: list[dict[str, Any]] = [
        {"$currentOp": {"allUsers": True}},
        {"$match": {"command.findAndModify": "conversations"}},
        {"$match": {"command.query._id": conversation_id}},
    ]
    return bool(list(mongodb.client().admin.aggregate(stages)))


@pytest.mark.parametrize("is_leaving", [False, True], ids=["removed", "left"])
def test_the_repetition_tells_the_cache_what_a_process_that_died_has_not(
    group: ConversationSettings,
    member: Person,
    monkeypatch: pytest.MonkeyPatch,
    is_leaving: bool,
) -> None:
    def take_out() -> None:
        if is_leaving:
            services.leave(group.id, as_user(group, member))
        else:
            services.remove_participant(group.id, member.user_id)

    with monkeypatch.context() as dying:
        dying.setattr(cache, "publish_later", lambda _read: None)
        lose_the_reply(dying, participation)
        with pytest.raises(AutoReconnect):
            take_out()
    assert found(group.id, member).membership.role is Role.MEMBER

    with pytest.raises(Forbidden if is_leaving else NotFound):
        take_out()

    assert found(group.id, member).membership.role is None


def test_what_never_came_to_a_commit_is_not_read(
    group: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    later: list[object] = []
    monkeypatch.setattr(cache, "publish_later", later.append)

    def failing(_work: Any) -> None:
        raise AutoReconnect("no server")

    monkeypatch.setattr(participation, "in_transaction", failing)
    with pytest.raises(AutoReconnect):
        services.remove_participant(group.id, person().user_id)

    assert not later


def test_it_is_read_again_until_mongodb_answers(database: None) -> None:
    tries = Count()

    def read() -> None:
        tries.times += 1
        if tries.times == 1:
            raise AutoReconnect("no server")

    cache.publish_later(read)

    wait_until(lambda: tries.times == 2, "the second try")
