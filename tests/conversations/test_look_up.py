import time

import msgspec
import pytest
from pymongo.errors import AutoReconnect

from chat_project.identifiers import new_id
from chat_project.metrics import cache_requests_total
from chat_project.redis import client
from conversations import cache, selectors, services
from conversations.cache import AcceptanceRecord, Found, Lookup
from conversations.cache.keys import CLOCKS_DIFFER_SECONDS, ttl_seconds
from conversations.values import ConversationSettings, Membership, Person, Role
from tests.conversations.conftest import Count, person


def found(conversation_id: str, user_id: str) -> Found:
    return cache.look_up([Lookup(conversation_id, user_id)])[0]


def record(conversation_id: str, *, sent_at: str = "2025-11-07T10:00:00.000Z") -> AcceptanceRecord:
    return AcceptanceRecord("school-1", conversation_id, "user-1", sent_at, "ab" * 16)


def counted(kind: str, result: str) -> float:
    return cache_requests_total.labels(kind, result)._value.get()


def test_a_hit_costs_one_round_trip_and_no_query(
    group: ConversationSettings, teacher: Person, round_trips: Count, queries: Count
) -> None:
    first = found(group.id, teacher.user_id)
    round_trips.reset()
    queries.reset()

    again = cache.look_up([Lookup(group.id, teacher.user_id, new_id(), record(group.id))])[0]

    assert (round_trips.times, queries.times) == (1, 0)
    assert (again.settings, again.membership) == (first.settings, first.membership)
    assert again.membership.role is Role.ADMIN
    assert again.membership.user_name == teacher.user_name


def test_a_hundred_misses_cost_two_queries_and_two_round_trips(
    tenant: str, round_trips: Count, queries: Count
) -> None:
    founder, stranger = person(), person()
    groups = [
        services.create_teacher_group(tenant, "Tổ", founder=founder).settings for _ in range(3)
    ]
    client().delete(*(f"conversation:{one.id}" for one in groups))
    lookups = [
        Lookup(groups[i % 3].id, (founder, stranger)[i % 2].user_id, new_id(), record("c"))
        for i in range(100)
    ]
    round_trips.reset()
    queries.reset()

    answers = cache.look_up(lookups)

    assert (round_trips.times, queries.times) == (2, 2)
    assert [one.settings for one in answers] == [groups[i % 3] for i in range(100)]
    assert [one.membership.role for one in answers] == [Role.ADMIN, None] * 50
    assert all(one.created_record for one in answers)


def test_the_keys_are_called_as_the_contract_says(
    group: ConversationSettings, teacher: Person
) -> None:
    found(group.id, teacher.user_id)

    settings = msgspec.json.decode(client().get(f"conversation:{group.id}") or b"")
    assert settings == {
        "id": group.id,
        "tenantId": group.tenant_id,
        "type": "TeacherGroup",
        "name": "Tổ Toán",
        "isActive": True,
        "version": 1,
    }
    member = client().hget(f"conversation:{group.id}:members", teacher.user_id)
    assert msgspec.json.decode(member or b"")["role"] == "Admin"


def test_an_unknown_id_is_remembered_for_a_short_time(
    database: None, round_trips: Count, queries: Count
) -> None:
    unknown = new_id()

    assert found(unknown, "user-1").settings is None
    queries.reset()
    round_trips.reset()

    assert found(unknown, "user-2") == Found(None, Membership())
    assert (round_trips.times, queries.times) == (1, 0)
    assert 0 < client().ttl(f"conversation:{unknown}") <= 5
    assert not client().exists(f"conversation:{unknown}:members")


def test_a_conversation_founded_under_an_unknown_id_is_there_at_once(tenant: str) -> None:
    founder, unknown = person(), new_id()
    assert found(unknown, founder.user_id).settings is None

    services.create_teacher_group(tenant, "Tổ", founder=founder, conversation_id=unknown)

    assert found(unknown, founder.user_id).membership.role is Role.ADMIN


def test_who_is_no_member_is_remembered_until_they_are_added(
    group: ConversationSettings, queries: Count
) -> None:
    stranger = person()
    assert found(group.id, stranger.user_id).membership.role is None
    queries.reset()

    assert found(group.id, stranger.user_id).membership.role is None
    assert queries.times == 0
    services.add_participants(group.id, [stranger], Role.READ_ONLY)

    assert found(group.id, stranger.user_id).membership.role is Role.READ_ONLY


@pytest.mark.parametrize(
    "seconds", [-ttl_seconds() - 1, CLOCKS_DIFFER_SECONDS + 60], ids=["too old", "from the future"]
)
def test_a_member_loaded_at_another_time_than_now_is_a_miss(
    group: ConversationSettings, teacher: Person, queries: Count, seconds: float
) -> None:
    now = found(group.id, teacher.user_id).membership
    other = msgspec.structs.replace(now, role=Role.READ_ONLY, loaded_at=time.time() + seconds)
    client().hset(f"conversation:{group.id}:members", teacher.user_id, msgspec.json.encode(other))
    queries.reset()

    again = found(group.id, teacher.user_id).membership

    assert again.role is Role.ADMIN
    assert now.loaded_at <= again.loaded_at <= time.time()
    assert queries.times == 2


def test_a_member_loaded_by_a_clock_that_is_a_little_ahead_is_known(
    group: ConversationSettings, teacher: Person, queries: Count
) -> None:
    now = found(group.id, teacher.user_id).membership
    ahead = msgspec.structs.replace(now, loaded_at=time.time() + CLOCKS_DIFFER_SECONDS)
    client().hset(f"conversation:{group.id}:members", teacher.user_id, msgspec.json.encode(ahead))
    queries.reset()

    assert found(group.id, teacher.user_id).membership == ahead
    assert queries.times == 0


def test_each_fill_renews_the_life_of_the_members(
    group: ConversationSettings, teacher: Person
) -> None:
    key = f"conversation:{group.id}:members"
    found(group.id, teacher.user_id)
    client().expire(key, 1)

    found(group.id, person().user_id)

    assert ttl_seconds() - 5 <= client().ttl(key) <= ttl_seconds()


@pytest.mark.parametrize("garbage", [b"", b"{", b"5", b'{"id": 5}', b"\xff"])
def test_what_is_no_value_of_ours_is_read_from_mongodb_and_replaced(
    group: ConversationSettings, teacher: Person, queries: Count, garbage: bytes
) -> None:
    client().set(f"conversation:{group.id}", garbage)
    client().hset(f"conversation:{group.id}:members", teacher.user_id, garbage)

    first = found(group.id, teacher.user_id)
    queries.reset()
    second = found(group.id, teacher.user_id)

    assert first == second
    assert first.settings == group
    assert first.membership.role is Role.ADMIN
    assert queries.times == 0


def test_the_first_record_of_a_message_is_the_one_that_counts(
    group: ConversationSettings, teacher: Person
) -> None:
    message_id, first = new_id(), record(group.id)
    later = record(group.id, sent_at="2025-11-07T10:00:09.000Z")

    one = cache.look_up([Lookup(group.id, teacher.user_id, message_id, first)])[0]
    two = cache.look_up([Lookup(group.id, teacher.user_id, message_id, later)])[0]

    assert (one.created_record, one.record) == (True, first)
    assert (two.created_record, two.record) == (False, first)
    assert cache.read_record(message_id) == first
    assert 3_500 < client().ttl(f"message:{message_id}:accepted") <= 3_600


def test_of_two_equal_ids_in_one_call_the_first_makes_the_record(
    group: ConversationSettings, teacher: Person
) -> None:
    message_id, first = new_id(), record(group.id)
    later = record(group.id, sent_at="2025-11-07T10:00:09.000Z")

    answers = cache.look_up(
        [Lookup(group.id, teacher.user_id, message_id, one) for one in (first, later)]
    )

    assert [one.created_record for one in answers] == [True, False]
    assert [one.record for one in answers] == [first, first]


def test_a_forgotten_record_is_gone(group: ConversationSettings, teacher: Person) -> None:
    message_id = new_id()
    cache.look_up([Lookup(group.id, teacher.user_id, message_id, record(group.id))])

    cache.forget_record(message_id)

    assert cache.read_record(message_id) is None


def test_without_mongodb_a_miss_leaves_no_record_behind(
    group: ConversationSettings, teacher: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_pairs: object) -> None:
        raise AutoReconnect("away")

    monkeypatch.setattr(selectors, "memberships", away)
    message_id = new_id()

    with pytest.raises(AutoReconnect):
        cache.look_up([Lookup(group.id, teacher.user_id, message_id, record(group.id))])

    assert cache.read_record(message_id) is None


def test_a_record_of_another_request_stays_when_mongodb_is_away(
    group: ConversationSettings, teacher: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_pairs: object) -> None:
        raise AutoReconnect("away")

    message_id = new_id()
    cache.look_up([Lookup(group.id, teacher.user_id, message_id, record(group.id))])
    monkeypatch.setattr(selectors, "memberships", away)

    with pytest.raises(AutoReconnect):
        cache.look_up([Lookup(group.id, new_id(), message_id, record(group.id))])

    assert cache.read_record(message_id) == record(group.id)


def test_many_records_are_forgotten_in_one_round_trip(
    group: ConversationSettings, teacher: Person, round_trips: Count
) -> None:
    ids = [new_id() for _ in range(100)]
    cache.look_up([Lookup(group.id, teacher.user_id, id_, record(group.id)) for id_ in ids])
    round_trips.reset()

    cache.forget_records(ids)

    assert round_trips.times == 1
    assert not any(cache.read_record(id_) for id_ in ids)


def test_hits_and_misses_are_counted_apart(group: ConversationSettings, teacher: Person) -> None:
    hits, misses = counted("member", "hit"), counted("member", "miss")
    settings_hits = counted("settings", "hit")

    found(group.id, teacher.user_id)
    found(group.id, teacher.user_id)

    assert counted("member", "miss") == misses + 1
    assert counted("member", "hit") == hits + 1
    assert counted("settings", "hit") == settings_hits + 2  # founding had cached them
