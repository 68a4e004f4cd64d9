"""What goes wrong while a log is stored, as data: entries of the log, actions of processes."""

from typing import NamedTuple

from hypothesis import strategies as st

from tests.properties.processes import Fate

PARTITIONS = 2
PROCESSES = 3


class Entry(NamedTuple):
    """One record of the log; `of` is the earlier entry that a repetition or a theft takes from."""

    kind: str
    room: int
    minute: int
    of: int


class Action(NamedTuple):
    """A process goes on for some steps and the last one ends as `fate` says; an idle one first
    takes a batch that starts `rewind` records before the committed offset."""

    process: int
    steps: int
    fate: Fate
    partition: int
    rewind: int
    length: int
    backwards: bool


KINDS = ["good"] * 6 + ["repeat"] * 2 + ["theft", "broken", "stranger", "foreign", "misplaced"]
entries = st.builds(
    Entry, st.sampled_from(KINDS), st.integers(0, 2), st.integers(0, 9), st.integers(0, 15)
)
refusals = st.builds(Entry, st.just("refused"), st.integers(0, 2), st.just(0), st.just(0))
thefts = st.builds(
    Entry, st.just("abroad"), st.integers(0, 2), st.integers(0, 9), st.integers(0, 15)
)
"""An id that another conversation has as well, perhaps in another partition."""
CHANGES = {
    "edit": "MessageEditedEvent",
    "delete": "MessageDeletedEvent",
    "react": "MessageReactionAddedEvent",
    "unreact": "MessageReactionRemovedEvent",
    "lost edit": "MessageEditedEvent",
    "refused edit": "MessageEditedEvent",
}
READ, READER = "MessagesReadEvent", "user-2"
changes = st.builds(
    Entry,
    st.sampled_from(["edit", "delete", "react", "unreact", "lost edit", "edit", "read"]),
    st.integers(0, 2),
    st.integers(0, 9),
    st.integers(0, 15),
)
"""What happens later to an earlier message; `minute` is how far a read says it read."""
refused_edits = st.builds(
    Entry, st.just("refused edit"), st.just(0), st.just(0), st.integers(0, 15)
)
FATES = [Fate.DONE] * 5 + [Fate.CRASH_BEFORE, Fate.CRASH_AFTER, Fate.LOST_REPLY, Fate.REFUSED]
actions = st.builds(
    Action,
    process=st.integers(0, PROCESSES - 1),
    steps=st.integers(0, 7),
    fate=st.sampled_from(FATES),
    partition=st.integers(0, PARTITIONS),
    rewind=st.sampled_from([0, 0, 1, 4, 16]),
    length=st.integers(1, 6),
    backwards=st.booleans(),
)
