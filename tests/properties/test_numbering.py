"""Numbers, classification and marks as promises; tests/consumers/test_numbering.py has the cases."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from consumers.decoding import SentMessage
from consumers.heads import Head
from consumers.numbering import Stored, classify, newest, number
from consumers.records import Place
from messaging.events import MessageSentEvent
from tests.consumers.events import SENT_AT, record


@st.composite
def numberings(draw: st.DrawFn) -> tuple[int, list[str], dict[str, int], set[int]]:
    """Arguments of `number`: any kept and held numbers above lastSeq, in any order of the log."""
    last_seq = draw(st.integers(0, 30))
    ids = [f"message {index}" for index in range(draw(st.integers(0, 12)))]
    above = st.integers(last_seq + 1, last_seq + 20)
    numbers = draw(st.lists(above, unique=True, max_size=12))
    kept_ids = draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
    kept = dict(zip(kept_ids, numbers, strict=False))
    held = set(numbers[len(kept) :]) | set(kept.values())
    return last_seq, ids, kept, held


@given(numberings())
def test_every_message_gets_one_number_that_nobody_else_has(
    arguments: tuple[int, list[str], dict[str, int], set[int]],
) -> None:
    last_seq, ids, kept, held = arguments

    assigned = number(last_seq, ids, kept, held).assigned

    assert assigned.keys() == set(ids)
    assert len(set(assigned.values())) == len(ids)
    new = {seq for message, seq in assigned.items() if message not in kept}
    assert not new & held
    assert all(seq > last_seq for seq in new)


@given(numberings())
def test_a_stored_number_never_changes(
    arguments: tuple[int, list[str], dict[str, int], set[int]],
) -> None:
    last_seq, ids, kept, held = arguments

    assert kept.items() <= number(last_seq, ids, kept, held).assigned.items()


@given(numberings())
def test_new_messages_are_numbered_in_the_order_of_the_log(
    arguments: tuple[int, list[str], dict[str, int], set[int]],
) -> None:
    last_seq, ids, kept, held = arguments

    assigned = number(last_seq, ids, kept, held).assigned

    new = [assigned[each] for each in ids if each not in kept]
    assert all(earlier < later for earlier, later in pairwise(new))


@given(numberings())
def test_up_to_the_last_number_each_is_assigned_held_or_a_named_hole(
    arguments: tuple[int, list[str], dict[str, int], set[int]],
) -> None:
    last_seq, ids, kept, held = arguments

    numbers = number(last_seq, ids, kept, held)

    everything = {*numbers.assigned.values(), *numbers.holes, *held}
    assert {seq for seq in everything if seq <= numbers.last} == set(
        range(last_seq + 1, numbers.last + 1)
    )
    assert not set(numbers.holes) & {*numbers.assigned.values(), *held}


@given(numberings(), st.data())
def test_numbering_again_after_any_part_was_stored_gives_the_same_numbers(
    arguments: tuple[int, list[str], dict[str, int], set[int]], data: st.DataObject
) -> None:
    last_seq, ids, kept, held = arguments
    first = number(last_seq, ids, kept, held)
    also = data.draw(st.sets(st.sampled_from(ids))) if ids else set()
    now_kept = kept | {each: first.assigned[each] for each in also}

    again = number(last_seq, ids, now_kept, held)

    assert again.last == first.last
    if _in_order(kept, ids):
        assert again == first


def _in_order(kept: Mapping[str, int], ids: Sequence[str]) -> bool:
    """Kept numbers that rise with the log, as every earlier attempt leaves them."""
    seqs = [kept[each] for each in ids if each in kept]
    return seqs == sorted(seqs)


OFFSETS = st.integers(0, 8)
TEXTS = st.sampled_from(["Xin chào", "another text"])
IDS = st.sampled_from("abc")


def message(offset: int, message_id: str, text: str) -> SentMessage:
    event = MessageSentEvent(
        message_id=message_id,
        conversation_id="room",
        tenant_id="tenant-1",
        sender_id="user-1",
        content=text,
        sent_at=SENT_AT,
    )
    place = Place(1, 0, offset)
    there = record(None, offset=offset, key="room")
    return SentMessage(there, place, event, event.sent_at_utc(), text.encode())


@st.composite
def pending_and_stored(draw: st.DrawFn) -> tuple[list[SentMessage], dict[str, Stored]]:
    sent = draw(st.lists(st.tuples(IDS, TEXTS), max_size=8))
    pending = [message(offset, *each) for offset, each in enumerate(sent)]
    there = draw(st.dictionaries(IDS, st.tuples(OFFSETS, TEXTS)))
    stored = {
        id_: Stored(offset + 1, "room", "user-1", Place(1, 0, offset), text.encode())
        for id_, (offset, text) in there.items()
    }
    return pending, stored


@given(pending_and_stored())
def test_each_record_is_numbered_or_a_duplicate_or_a_conflict(
    arguments: tuple[list[SentMessage], dict[str, Stored]],
) -> None:
    pending, stored = arguments

    result = classify(pending, stored)

    conflicts = [each for each, _ in result.conflicts]
    everything = [*result.numbered, *result.duplicates, *conflicts]
    assert sorted(each.place for each in everything) == [each.place for each in pending]
    for kind in (result.numbered, result.duplicates, conflicts):
        assert [each.place for each in kind] == sorted(each.place for each in kind)


@given(pending_and_stored())
def test_no_id_is_numbered_twice_and_no_stored_one_anew(
    arguments: tuple[list[SentMessage], dict[str, Stored]],
) -> None:
    pending, stored = arguments

    result = classify(pending, stored)

    ids = [each.id for each in result.numbered]
    assert len(ids) == len(set(ids))
    assert result.kept.keys() == set(ids) & stored.keys()
    assert all(stored[id_].seq == seq for id_, seq in result.kept.items())


@given(pending_and_stored())
def test_only_another_content_is_a_conflict(
    arguments: tuple[list[SentMessage], dict[str, Stored]],
) -> None:
    pending, stored = arguments

    result = classify(pending, stored)

    contents = {id_: {each.digest} for id_, each in stored.items()}
    for each in pending:
        contents.setdefault(each.id, set()).add(each.digest)
    assert all(len(contents[each.id]) > 1 for each, _ in result.conflicts)


@given(pending_and_stored(), st.integers(0, 8))
def test_cutting_a_batch_in_two_changes_no_fate(
    arguments: tuple[list[SentMessage], dict[str, Stored]], cut: int
) -> None:
    pending, stored = arguments
    whole = classify(pending, stored)

    first = classify(pending[:cut], stored)
    now_stored = stored | {
        each.id: Stored(1, "room", "user-1", each.place, each.digest)
        for each in first.numbered
        if each.id not in stored
    }
    second = classify(pending[cut:], now_stored)

    assert first.numbered + second.numbered == whole.numbered
    assert first.duplicates + second.duplicates == whole.duplicates


PLACES = st.builds(Place, st.integers(1, 3), st.integers(0, 3), st.integers(0, 50))


@given(st.lists(PLACES, max_size=4), PLACES, PLACES)
def test_a_mark_covers_itself_all_below_it_and_only_grows(
    marks: list[Place], earlier: Place, later: Place
) -> None:
    earlier, later = sorted((earlier, later))
    before = Head("room", "tenant-1", 0, None, {each.p: each for each in marks})
    after = Head("room", "tenant-1", 0, None, {**before.marks, later.p: later})

    assert after.covers(later)
    assert after.covers(earlier)
    if before.marks.get(later.p, later) <= later:
        assert after.covers(earlier) >= before.covers(earlier)
    if not before.marks:
        assert not before.covers(later)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 99)), unique=True, min_size=1))
def test_the_last_message_does_not_depend_on_the_order_of_arrival(
    sent: list[tuple[int, int]],
) -> None:
    start = datetime(2025, 11, 7, tzinfo=UTC)
    messages = [{"sentAt": start + timedelta(minutes=m), "seq": seq} for m, seq in sent]

    one_by_one: Mapping[str, object] | None = None
    for each in messages:
        one_by_one = newest([one_by_one, each])

    assert one_by_one == newest(reversed(messages))
    assert all((one_by_one["sentAt"], one_by_one["seq"]) >= tuple(m.values()) for m in messages)


@given(pending_and_stored())
def test_a_record_that_an_earlier_attempt_stored_keeps_its_number(
    arguments: tuple[list[SentMessage], dict[str, Stored]],
) -> None:
    pending, stored = arguments

    kept = classify(pending, stored).kept

    own = {each.id for each in pending if each.id in stored and stored[each.id].place == each.place}
    assert kept == {id_: stored[id_].seq for id_ in own}
