"""The same id produced twice: in one batch, far apart, with other content."""

from collections.abc import Sequence

from tests.faults.load import ANYTHING, Coordinates
from tests.faults.round import Round
from tests.faults.rows.kinds import Way
from tests.faults.seen import require
from tests.waiting import wait_until

ROW = "duplicates"
COPIES = 30


def _in_one_batch(one: Round) -> None:
    """All is there before the first consumer starts, and a batch waits a second for more."""
    bodies = [one.load.message() for _ in range(COPIES)]
    for body in bodies:
        one.load.produce(body)
        one.load.produce(body)
    one.load.send(100)
    members = one.consume_noting_batches("--max-batch-age-ms", "1000", count=one.consumers)
    wait_until(lambda: one.lag() == 0, "all is handled", seconds=60)
    batches = [batch for member in members for batch in member.batches]
    together = [body for body in bodies if _came_together(one, body["messageId"], batches)]
    require(len(together) == COPIES, f"{len(together)} of {COPIES} pairs came in one batch")


def _came_together(one: Round, message_id: str, batches: Sequence[set[Coordinates]]) -> bool:
    """No batch held one of the copies without the other."""
    places = {place for place, id_ in one.load.acknowledged.items() if id_ == message_id}
    held = [batch for batch in batches if batch & places]
    return bool(held) and all(batch >= places for batch in held)


def _far_apart(one: Round) -> None:
    """The second comes when the first is stored and committed."""
    bodies = [one.load.message() for _ in range(COPIES)]
    for body in bodies:
        one.load.produce(body)
    one.load.send(100)
    one.consume(count=one.consumers)
    wait_until(lambda: one.lag() == 0, "the first are stored", seconds=60)
    stored = one.count_stored()
    for body in bodies:
        one.load.produce(body)
    one.load.flush()
    wait_until(lambda: one.lag() == 0, "the second are handled", seconds=60)
    assert one.count_stored() == stored, "a second one was stored"
    one.load.send(50)


def _other_content(one: Round) -> None:
    """In the same conversation, by another sender, and in another conversation."""
    one.consume(count=one.consumers)
    rooms = list(one.rooms)
    for number in range(COPIES):
        body = one.load.message()
        one.load.produce(body)
        one.load.produce({**body, "content": "other"}, expects="id_conflict")
        one.load.produce({**body, "senderId": "user-9"}, expects="id_conflict")
        if number % 3 == 0:
            new = one.load.message(rooms[0])
            elsewhere = one.load.message(rooms[1], messageId=new["messageId"])
            one.load.produce(new, expects=ANYTHING)
            one.load.produce(elsewhere, expects=ANYTHING)
    one.load.send(100)
    wait_until(lambda: one.lag() == 0, "all is handled", seconds=60)
    conflicts = one.database["dead_letters"].count_documents({"reason": "id_conflict"})
    assert conflicts >= 2 * COPIES, f"only {conflicts} conflicts were found"


WAYS = [
    Way(ROW, "in one batch", _in_one_batch),
    Way(ROW, "far apart", _far_apart),
    Way(ROW, "with other content", _other_content),
]
