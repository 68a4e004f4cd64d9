import signal

import msgspec
import pytest
from redis import Redis

import chat_project.redis
from chat_project.identifiers import new_id
from chat_project.metrics import breaker_open_total, cache_requests_total
from chat_project.redis import Breaker, RedisAway, client, guarded
from chat_project.settings.cache import SOCKET_TIMEOUT_SECONDS
from conversations import cache, services
from conversations.cache import AcceptanceRecord, Found, Lookup, retries
from conversations.cache.keys import record_key
from conversations.values import ConversationSettings, Person, Role
from tests.conversations.conftest import Count, PrivateRedis, person
from tests.waiting import wait_until

RECORD = AcceptanceRecord("school-1", "c", "user-1", "2025-11-07T10:00:00.000Z", "ab" * 16)


def found(conversation_id: str, user_id: str) -> Found:
    return cache.look_up([Lookup(conversation_id, user_id, new_id(), RECORD)])[0]


def test_a_connection_that_redis_has_closed_is_opened_again(
    private_redis: PrivateRedis, group: ConversationSettings, teacher: Person
) -> None:
    found(group.id, teacher.user_id)
    opened = breaker_open_total._value.get()
    private_redis.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    assert found(group.id, teacher.user_id).record == RECORD
    assert breaker_open_total._value.get() == opened


@pytest.mark.parametrize("trouble", [signal.SIGKILL, signal.SIGSTOP], ids=["dead", "hanging"])
def test_without_redis_every_answer_comes_from_mongodb_and_redis_is_asked_once(
    private_redis: PrivateRedis,
    round_trips: Count,
    group: ConversationSettings,
    teacher: Person,
    trouble: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chat_project.redis, "_breaker", Breaker(60.0))
    found(group.id, teacher.user_id)
    private_redis.process.send_signal(trouble)
    if trouble is signal.SIGKILL:
        private_redis.process.wait()  # until then it may still take a connection
    opened = breaker_open_total._value.get()
    away = cache_requests_total.labels("member", "away")._value.get()
    round_trips.reset()

    answers = [found(group.id, teacher.user_id) for _ in range(5)]

    assert all(answer.settings == group for answer in answers)
    assert all(answer.membership.role is Role.ADMIN for answer in answers)
    assert not any(answer.created_record or answer.record for answer in answers)
    assert found(new_id(), teacher.user_id).settings is None
    assert cache.read_record(new_id()) is None
    cache.forget_record(new_id())
    assert round_trips.times <= 1
    assert breaker_open_total._value.get() == opened + 1
    assert cache_requests_total.labels("member", "away")._value.get() == away + 6


def test_redis_that_comes_back_is_used_again(
    private_redis: PrivateRedis, group: ConversationSettings, teacher: Person
) -> None:
    private_redis.process.send_signal(signal.SIGSTOP)
    assert not found(group.id, teacher.user_id).created_record
    private_redis.process.send_signal(signal.SIGCONT)

    assert wait_until(lambda: found(group.id, teacher.user_id).created_record, "a record in Redis")


def test_a_change_made_while_redis_hangs_reaches_the_cache_afterwards(
    private_redis: PrivateRedis, group: ConversationSettings
) -> None:
    member = person()
    services.add_participants(group.id, [member], Role.MEMBER)
    assert found(group.id, member.user_id).membership.role is Role.MEMBER
    private_redis.process.send_signal(signal.SIGSTOP)

    services.remove_participant(group.id, member.user_id)
    services.archive(group.id)
    assert found(group.id, member.user_id).membership.role is None
    private_redis.process.send_signal(signal.SIGCONT)

    def told() -> bool:
        settings = private_redis.client.get(f"conversation:{group.id}") or b""
        cached = private_redis.client.hget(f"conversation:{group.id}:members", member.user_id)
        return b'"isActive":false' in bytes(settings) and b'"role":null' in bytes(cached or b"")

    assert wait_until(told, "the change in the cache")


def test_the_last_of_heads_missed_while_redis_hangs_reaches_the_cache_afterwards(
    private_redis: PrivateRedis, group: ConversationSettings
) -> None:
    cache.refresh_heads([head(group.id, 1)])
    private_redis.process.send_signal(signal.SIGSTOP)
    for seq in (2, 3):
        with pytest.raises(RedisAway):
            cache.refresh_heads([head(group.id, seq)])
    private_redis.process.send_signal(signal.SIGCONT)

    def told() -> bool:
        return b'"lastSeq":3' in bytes(private_redis.client.get(f"conversation:{group.id}:head"))

    assert wait_until(told, "the last head in the cache")


def head(conversation_id: str, seq: int) -> cache.Head:
    return cache.Head(conversation_id, last_seq=seq, last_message=None, mark=cache.Mark(1, 0, seq))


def test_what_is_noted_in_a_record_while_redis_hangs_reaches_it_afterwards(
    private_redis: PrivateRedis, group: ConversationSettings, teacher: Person
) -> None:
    kept, ended, noted = new_id(), new_id(), msgspec.structs.replace(RECORD, is_unknown=True)
    cache.look_up([Lookup(group.id, teacher.user_id, kept, RECORD)])
    private_redis.client.expire(record_key(kept), 1_000)
    private_redis.process.send_signal(signal.SIGSTOP)

    cache.replace_records({ended: noted, kept: noted})
    private_redis.process.send_signal(signal.SIGCONT)

    assert wait_until(lambda: cache.read_record(kept) == noted, "the note in the record")
    assert cache.read_record(ended) is None
    assert 0 < private_redis.client.ttl(record_key(kept)) <= 1_000


def test_pending_writes_are_bounded_and_the_oldest_is_given_up(
    private_redis: PrivateRedis, group: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "MAX_PENDING", 2)
    private_redis.process.send_signal(signal.SIGSTOP)
    pending = retries.Retries("values")
    written: list[str] = []
    for key in ("tried", "oldest", "older", "newest"):
        pending.add(key, lambda redis, key=key: redis.ping() and written.append(key))
    private_redis.process.send_signal(signal.SIGCONT)

    wait_until(lambda: {"older", "newest"} <= set(written), "the newest two are written")
    assert "oldest" not in written


def test_a_write_that_redis_refuses_or_that_fails_holds_no_other_up(
    private_redis: PrivateRedis,
) -> None:
    pending = retries.Retries("values")
    written: list[str] = []
    refusing = True

    def refused(redis: Redis) -> None:
        if refusing:
            redis.execute_command("NO SUCH COMMAND")
        written.append("refused")

    private_redis.process.send_signal(signal.SIGSTOP)
    pending.add("refused", refused)
    pending.add("wrong", lambda redis: 1 / 0)
    pending.add("good", lambda redis: redis.ping() and written.append("good"))
    private_redis.process.send_signal(signal.SIGCONT)

    wait_until(lambda: written == ["good"], "the good write")
    pending.add("later", lambda redis: redis.ping() and written.append("later"))
    wait_until(lambda: written == ["good", "later"], "the thread still works")
    refusing = False
    wait_until(lambda: written == ["good", "later", "refused"], "what was refused comes last")


def test_a_redis_that_refuses_is_there_for_everybody_else(
    private_redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_project.redis, "_breaker", Breaker(60.0))
    opened = breaker_open_total._value.get()

    with pytest.raises(RedisAway, match="unknown command"):
        guarded(lambda redis: redis.execute_command("NO SUCH COMMAND"))

    assert guarded(lambda redis: redis.ping())
    assert breaker_open_total._value.get() == opened


def test_the_product_waits_for_redis_once_and_briefly(database: None) -> None:
    options = client().connection_pool.connection_kwargs

    assert options["socket_timeout"] == options["socket_connect_timeout"] == SOCKET_TIMEOUT_SECONDS
    assert SOCKET_TIMEOUT_SECONDS <= 0.2
    assert options["retry"].get_retries() == 0


def test_an_open_breaker_lets_one_caller_try_and_closes_when_that_worked() -> None:
    now = 100.0
    breaker = Breaker(1.0, lambda: now)
    breaker.enter()
    breaker.open()
    with pytest.raises(RedisAway):
        breaker.enter()

    now += 1.0
    breaker.enter()  # the probe
    with pytest.raises(RedisAway):
        breaker.enter()
    breaker.close()

    breaker.enter()
    breaker.enter()


def test_a_probe_that_never_comes_back_is_followed_by_another() -> None:
    now = 100.0
    breaker = Breaker(1.0, lambda: now)
    breaker.open()
    now += 1.0
    breaker.enter()

    now += 1.0

    breaker.enter()


def test_a_mistake_of_ours_is_not_taken_for_redis_being_away(
    monkeypatch: pytest.MonkeyPatch, database: None
) -> None:
    monkeypatch.setattr(chat_project.redis, "_breaker", Breaker(1.0))

    with pytest.raises(ZeroDivisionError):
        guarded(lambda _client: 1 / 0)

    assert guarded(lambda redis: redis.ping())
