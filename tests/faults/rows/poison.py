"""Records that cannot be stored, one by one and nothing else; a dead-letter topic that refuses."""

from collections.abc import Callable
from functools import partial
from typing import Any

from confluent_kafka.admin import ResourceType  # type: ignore[attr-defined]  # see its manual

from tests.consumers.events import CHANGED_AT, change
from tests.faults.load import CHANGED, PARTITIONS, READ
from tests.faults.round import SMALL_BATCHES, Round
from tests.faults.rows.kinds import Fault, Way
from tests.faults.seen import require, seen_until
from tests.waiting import wait_until

ROW = "poison"
RUN_LIMIT, RUN = 20, 60
MAX_MESSAGE_BYTES = 2_097_152
UNREACHED = 1_000
"""More messages than a room gets."""

Fields = dict[str, Any]
KINDS: dict[str, tuple[Callable[[Fields], Any], Fields, str]] = {
    "malformed": (lambda good: b"{not json", {}, "malformed"),
    "not UTF-8": (lambda good: b'{"content":"\xff\xfe"}', {}, "malformed"),
    "a lone surrogate": (lambda good: b'{"messageId":"\\ud800"}', {}, "malformed"),
    "2^64": (lambda good: good | {"mentions": [_mention(2**64)]}, {}, "malformed"),
    "a tombstone of Kafka": (lambda good: None, {}, "malformed"),
    "nested without end": (lambda good: b'{"mentions":' + b"[" * 50_000, {}, "malformed"),
    "beyond the calendar": (
        lambda good: good | {"sentAt": "9999-12-31T23:59:59-05:00"},
        {},
        "malformed",
    ),
    "unknown conversation": (
        lambda good: good | {"conversationId": "nowhere"},
        {},
        "unknown_conversation",
    ),
    "wrong tenant": (lambda good: good | {"tenantId": "school-9"}, {}, "wrong_tenant"),
    "oversize": (lambda good: good | {"content": "😀" * 2_501}, {}, "oversize"),
    "no event-type": (lambda good: good, {"event_type": None}, "malformed"),
    "wrong key": (lambda good: good, {"key": "another"}, "wrong_partition"),
}


def _mention(start_index: int) -> Fields:
    return {"userId": "user-1", "startIndex": start_index, "length": 1}


def _of(kind: str) -> Fault:
    make, options, reason = KINDS[kind]

    def fault(one: Round) -> None:
        one.consume(*SMALL_BATCHES, count=one.consumers)
        for _ in range(20):
            one.load.produce(make(one.load.message()), expects=reason, **options)
            one.load.send(10)
        wait_until(lambda: _count(one, reason) >= 20, "the dead letters are there", seconds=60)

    return fault


def _id_conflict(one: Round) -> None:
    """The id of a stored message with the content of another one."""
    one.consume(*SMALL_BATCHES, count=one.consumers)
    for _ in range(20):
        good = one.load.message()
        one.load.produce(good)
        one.load.produce(good | {"content": "another"}, expects="id_conflict")
        one.load.send(10)
    wait_until(lambda: _count(one, "id_conflict") >= 20, "the dead letters are there", seconds=60)


def _changes_of_another_tenant(one: Round) -> None:
    """Deletions, reactions and reads, before good ones."""
    one.consume(*SMALL_BATCHES, count=one.consumers)
    for _ in range(20):
        good = one.load.message()
        one.load.produce(good)
        theirs, ours = (
            partial(change, good["conversationId"], tenant_id=tenant_id)
            for tenant_id in ("school-9", good["tenantId"])
        )
        target = {"messageId": good["messageId"]}
        for body, event_type in (
            (theirs(**target), "MessageDeletedEvent"),
            (theirs(**target, emojiCode="👎"), "MessageReactionAddedEvent"),
            (theirs(upToSeq=UNREACHED, readAt=CHANGED_AT), "MessagesReadEvent"),
        ):
            one.load.produce(body, expects="wrong_tenant", event_type=event_type)
        edit = ours(**target, content="Sửa lại")
        one.load.produce(edit, expects=CHANGED, event_type="MessageEditedEvent")
        read = ours(upToSeq=1, readAt=CHANGED_AT)
        one.load.produce(read, expects=READ, event_type="MessagesReadEvent")
        one.load.send(10)
    wait_until(lambda: _count(one, "wrong_tenant") >= 60, "the dead letters are there", seconds=60)


def _in_the_wrong_partition(one: Round) -> None:
    one.consume(*SMALL_BATCHES, count=one.consumers)
    for number in range(PARTITIONS):
        body = one.load.message()
        right = one.load.partition_of(body["conversationId"])
        wrong = (right + 1 + number % (PARTITIONS - 1)) % PARTITIONS
        one.load.produce(body, partition=wrong, expects="wrong_partition")
        one.load.send(20)
    wait_until(
        lambda: _count(one, "wrong_partition") == PARTITIONS, "all are dead letters", seconds=60
    )


def _nothing_else(one: Round) -> None:
    """Every consumer that gets the partition stops at the limit, until an operator says go on."""
    partition = one.dice.randrange(PARTITIONS)
    one.load.send(100)
    members = one.consume(count=one.consumers, DEAD_LETTER_RUN_LIMIT=str(RUN_LIMIT))
    wait_until(lambda: one.lag() == 0, "the load before is handled", seconds=60)
    before = one.database["dead_letters"].count_documents({})
    for _ in range(RUN):
        one.load.produce(b"{bad deploy", partition=partition, expects="malformed")
    one.load.flush()
    codes = {member.process.wait(60) for member in members}
    assert codes == {1}, f"the consumers ended with {codes}"
    assert "dead letters in a row" in one.outputs()
    assert one.database["dead_letters"].count_documents({}) <= before + RUN_LIMIT
    one.load.send(50)
    limits = {"DEAD_LETTER_RUN_LIMIT": str(RUN_LIMIT)}
    one.consume("--allow-dead-letters", str(2 * RUN), count=one.consumers, **limits)


def _topic_refuses(one: Round) -> None:
    """Nothing is dropped: the consumers wait until the topic takes dead letters again."""
    topic = one.environment.dead_letter_topic
    one.configure(ResourceType.TOPIC, topic, {"max.message.bytes": "50"})
    members = one.consume(*SMALL_BATCHES, count=one.consumers)
    one.load.send(200)
    seen_until(
        lambda: any(".dlq takes no" in each.process.output() for each in members),
        "a consumer says so",
    )
    require(one.lag() > 0, "everything was handled")
    one.configure(ResourceType.TOPIC, topic, {"max.message.bytes": str(MAX_MESSAGE_BYTES)})


def _count(one: Round, reason: str) -> int:
    return int(one.database["dead_letters"].count_documents({"reason": reason}))


WAYS = [
    *(Way(ROW, kind, _of(kind)) for kind in KINDS),
    Way(ROW, "id conflict", _id_conflict),
    Way(ROW, "changes of another tenant", _changes_of_another_tenant),
    Way(ROW, "wrong partition", _in_the_wrong_partition),
    Way(ROW, "nothing else", _nothing_else),
    Way(ROW, "dead-letter topic refuses", _topic_refuses),
]
