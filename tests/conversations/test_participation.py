from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import Any

import pytest

from chat_project.api.errors import ApiError
from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import cache, services
from conversations.cache import Found, Lookup
from conversations.services import participation
from conversations.values import ConversationSettings, Person, Role
from tests.conversations.conftest import person


def found(conversation_id: str, user: Person) -> Found:
    return cache.look_up([Lookup(conversation_id, user.user_id)])[0]


def stored(conversation_id: str, user: Person) -> dict[str, Any]:
    return (
        collection("participants").find_one(
            {"conversationId": conversation_id, "userId": user.user_id}
        )
        or {}
    )


def admins(conversation_id: str) -> int:
    return collection("participants").count_documents(
        {"conversationId": conversation_id, "role": "Admin"}
    )


def test_who_joins_has_read_what_was_there(group: ConversationSettings) -> None:
    collection("conversations").update_one({"_id": group.id}, {"$set": {"lastSeq": 41}})
    newcomer = person()

    services.add_participants(group.id, [newcomer], Role.MEMBER)

    joined = stored(group.id, newcomer)
    assert (joined["joinedSeq"], joined["readSeq"]) == (41, 41)
    assert "readAt" not in joined


def test_who_is_in_it_already_stays_what_they_are(
    group: ConversationSettings, teacher: Person
) -> None:
    before = stored(group.id, teacher)

    services.add_participants(group.id, [teacher, person()], Role.READ_ONLY)

    assert stored(group.id, teacher) == before
    assert found(group.id, teacher).membership.role is Role.ADMIN


def test_the_same_newcomer_added_at_the_same_time_is_in_it_once(
    group: ConversationSettings,
) -> None:
    newcomer = person()

    with ThreadPoolExecutor(8) as threads:
        adding = [
            threads.submit(services.add_participants, group.id, [newcomer], Role.MEMBER)
            for _ in range(8)
        ]
    for one in adding:
        one.result()

    query = {"conversationId": group.id, "userId": newcomer.user_id}
    assert collection("participants").count_documents(query) == 1


def test_a_long_list_is_added_in_parts(
    group: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(participation, "ADDED_AT_ONCE", 3)
    people = [person() for _ in range(7)]

    services.add_participants(group.id, people, Role.READ_ONLY)

    assert all(found(group.id, one).membership.role is Role.READ_ONLY for one in people)
    settings = found(group.id, people[0]).settings
    assert settings
    assert settings.version == group.version + 3


def test_who_is_removed_is_out_at_once(group: ConversationSettings) -> None:
    member = person()
    services.add_participants(group.id, [member], Role.MEMBER)
    assert found(group.id, member).membership.role is Role.MEMBER

    services.remove_participant(group.id, member.user_id.upper())

    assert found(group.id, member).membership.role is None
    assert not stored(group.id, member)


def test_a_new_role_counts_at_once(group: ConversationSettings) -> None:
    member = person()
    services.add_participants(group.id, [member], Role.MEMBER)
    assert found(group.id, member).membership.role is Role.MEMBER

    services.change_role(group.id, member.user_id, Role.READ_ONLY)

    membership = found(group.id, member).membership
    assert (membership.role, membership.user_name) == (Role.READ_ONLY, member.user_name)


@pytest.mark.parametrize(
    "leave",
    [
        services.remove_participant,
        lambda group_id, user_id: services.change_role(group_id, user_id, Role.MEMBER),
    ],
    ids=["removed", "no longer Admin"],
)
def test_a_group_keeps_an_admin_even_if_all_leave_at_the_same_time(
    group: ConversationSettings, teacher: Person, leave: Callable[[str, str], None]
) -> None:
    others = [person() for _ in range(5)]
    services.add_participants(group.id, others, Role.ADMIN)

    with ThreadPoolExecutor(6) as threads:
        leaving = [threads.submit(leave, group.id, one.user_id) for one in [teacher, *others]]

    refusals = [one.exception() for one in leaving if one.exception()]
    assert [getattr(refusal, "code", refusal) for refusal in refusals] == ["last_admin"]
    assert admins(group.id) == 1


def test_a_refused_change_changes_nothing(group: ConversationSettings, teacher: Person) -> None:
    with pytest.raises(ApiError):
        services.remove_participant(group.id, teacher.user_id)

    document = collection("conversations").find_one({"_id": group.id}) or {}
    assert document["version"] == group.version
    assert found(group.id, teacher).membership.role is Role.ADMIN


@pytest.mark.parametrize(
    "change",
    [
        lambda id_, user: services.add_participants(id_, [person()], Role.MEMBER),
        lambda id_, user: services.remove_participant(id_, user.user_id),
        lambda id_, user: services.change_role(id_, user.user_id, Role.READ_ONLY),
    ],
    ids=["add", "remove", "role"],
)
def test_a_one_to_one_keeps_its_two(
    tenant: str, teacher: Person, change: Callable[[str, Person], None]
) -> None:
    pair = services.create_one_to_one(tenant, teacher, person()).settings

    with pytest.raises(ApiError) as refused:
        change(pair.id, teacher)

    assert (refused.value.status, refused.value.code) == (409, "participants_fixed")
    assert collection("participants").count_documents({"conversationId": pair.id}) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda id_: services.remove_participant(id_, "nobody"), "participant_not_found"),
        (lambda id_: services.change_role(id_, "nobody", Role.ADMIN), "participant_not_found"),
        (lambda id_: services.remove_participant(new_id(), "a"), "conversation_not_found"),
        (lambda id_: services.rename(new_id(), "a"), "conversation_not_found"),
        (lambda id_: services.archive(new_id()), "conversation_not_found"),
    ],
    ids=["remove nobody", "promote nobody", "remove from nothing", "rename", "archive"],
)
def test_what_is_not_there_is_said_to_be_so(
    group: ConversationSettings, change: Callable[[str], None], code: str
) -> None:
    with pytest.raises(ApiError) as refused:
        change(group.id)

    assert (refused.value.status, refused.value.code) == (404, code)


def test_the_consumer_and_a_change_of_participants_do_not_lose_each_others_writes(
    group: ConversationSettings,
) -> None:
    over = Event()
    written = 0

    def consume() -> None:
        nonlocal written
        while not over.is_set():
            done = collection("conversations").update_one(
                {"_id": group.id, "lastSeq": written}, {"$set": {"lastSeq": written + 1}}
            )
            written += done.modified_count

    consumer = Thread(target=consume)
    consumer.start()
    try:
        for _ in range(20):
            services.add_participants(group.id, [person()], Role.MEMBER)
    finally:
        over.set()
        consumer.join(20)

    document = collection("conversations").find_one({"_id": group.id}) or {}
    assert document["version"] == group.version + 20
    assert document["lastSeq"] == written > 0


def test_a_new_name_counts_at_once(group: ConversationSettings, teacher: Person) -> None:
    found(group.id, teacher)

    services.rename(group.id, "  Tổ Toán - Tin ")

    settings = found(group.id, teacher).settings
    assert settings
    assert (settings.name, settings.version) == ("Tổ Toán - Tin", group.version + 1)


def test_a_conversation_is_archived_and_restored_at_once(
    group: ConversationSettings, teacher: Person
) -> None:
    services.archive(group.id)
    services.archive(group.id)
    archived = found(group.id, teacher).settings
    services.unarchive(group.id)
    restored = found(group.id, teacher).settings

    assert archived
    assert restored
    assert (archived.is_active, restored.is_active) == (False, True)


def test_a_class_group_is_not_renamed(tenant: str, teacher: Person) -> None:
    created = services.create_class_group(
        tenant, "class-1", "10A1", teachers=[teacher], created_by=teacher.user_id
    ).settings

    with pytest.raises(ApiError) as refused:
        services.rename(created.id, "Lớp 10A1")

    assert (refused.value.status, refused.value.code) == (409, "rename_not_allowed")
    assert found(created.id, teacher).settings == created
