"""How many messages were stored by minute and school, as the consumer leaves it in Redis."""

from collections.abc import Callable

from chat_project.identifiers import new_id
from chat_project.redis import client
from conversations.cache.keys import stored_key
from tests.consumers.conftest import NOW_SECONDS, Consumer, Log

MINUTE = int(NOW_SECONDS) // 60


def stored(tenant_id: str) -> int:
    return int(client().hget(stored_key(MINUTE), tenant_id) or 0)


def test_a_batch_adds_what_it_has_stored_of_each_school(
    log: Log, consumer: Consumer, conversation: Callable[..., str]
) -> None:
    first, second = new_id(), new_id()
    rooms = {tenant: conversation(tenant_id=tenant) for tenant in (first, second)}
    for tenant in (first, first, second):
        log.send(rooms[tenant], tenant_id=tenant)

    consumer.apply(log.records)
    consumer.apply(log.records)

    assert (stored(first), stored(second)) == (2, 1), "a batch that comes again is not counted"
    assert 0 < client().ttl(stored_key(MINUTE)) <= 7_200
