"""One conversation within a batch: where it stood, what comes, which numbers that gets (step 4)."""

from collections.abc import Mapping, Sequence

import msgspec

from chat_project.mongodb import Document
from consumers import messages
from consumers.decoding import SentMessage
from consumers.heads import Head
from consumers.numbering import Numbers, number
from consumers.records import Place


class Thread(msgspec.Struct):
    head: Head
    mark: Place
    """The highest place of the batch, duplicates and dead letters included."""
    numbers: Numbers
    numbered: list[SentMessage] = msgspec.field(default_factory=list)


def move_mark(threads: dict[str, Thread], head: Head, place: Place) -> None:
    """Begins the conversation's thread with its first record."""
    thread = threads.get(head.conversation_id)
    if thread is None:
        threads[head.conversation_id] = Thread(head, place, Numbers({}, [], head.last_seq or 0))
    elif place > thread.mark:
        thread.mark = place


def number_messages(thread: Thread, kept: Mapping[str, int], *, look_at_held: bool) -> None:
    last_seq, conversation_id = thread.numbers.last, thread.head.conversation_id
    thread.numbers = number(
        last_seq,
        [message.id for message in thread.numbered],
        kept,
        messages.read_numbers_above(last_seq, conversation_id) if look_at_held else (),
    )


def tombstones_of(threads: Sequence[Thread], documents: Sequence[Document]) -> list[Document]:
    by_place: dict[tuple[str, int], Document] = {
        (each["conversationId"], each["seq"]): each for each in documents
    }
    tombstones: list[Document] = []
    for thread in threads:
        head = thread.head
        for seq in thread.numbers.holes:
            below = by_place.get((head.conversation_id, seq - 1))
            if below is None:
                below = messages.read_neighbour_below(head.conversation_id, seq)
            neighbour = below or by_place[head.conversation_id, thread.numbers.last]
            tombstones.append(
                messages.tombstone_document(
                    head.conversation_id, head.tenant_id, seq, neighbour["sentAt"]
                )
            )
            by_place[head.conversation_id, seq] = tombstones[-1]
    return tombstones
