"""Any interleaving of crash, zombie, lost reply, redelivery and re-cut batch ends as a calm run.

The real handler and writer; every step against the database is the test's to order. The same runner
goes over a played database, where a thousand steps cost milliseconds, and over the real one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers import dead_letters, handler, heads, messages
from consumers.changes import apply_changes
from consumers.positions import move_positions
from tests.consumers.conftest import head, stored
from tests.properties.checks import Store, assert_equals_a_recount, assert_ids_stand_once
from tests.properties.choices import (
    READER,
    Action,
    Entry,
    actions,
    changes,
    entries,
    refusals,
    refused_edits,
    thefts,
)
from tests.properties.processes import in_turns
from tests.properties.running import run
from tests.properties.scenarios import Scenario
from tests.properties.store import MemoryStore, generation_of

logs = st.lists(entries, min_size=8, max_size=16)
logs_with_refusals = st.lists(entries | refusals, min_size=8, max_size=16)
logs_with_thefts = st.lists(entries | thefts, min_size=8, max_size=16)
logs_with_changes = st.lists(entries | changes, min_size=8, max_size=20)
logs_with_refused_changes = st.lists(entries | changes | refused_edits, min_size=8, max_size=20)
schedules = st.lists(actions, min_size=25, max_size=50)


@given(planned=logs, schedule=schedules)
def test_any_schedule_ends_in_the_state_of_a_calm_run(
    planned: Sequence[Entry], schedule: Sequence[Action]
) -> None:
    run_in_memory(planned, schedule)


@given(planned=logs_with_changes, schedule=schedules)
def test_changes_are_applied_once_in_the_order_of_the_log(
    planned: Sequence[Entry], schedule: Sequence[Action]
) -> None:
    run_in_memory(planned, schedule)


@given(planned=logs_with_refused_changes, schedule=schedules)
def test_a_change_that_the_database_refuses_is_a_dead_letter_whatever_comes_behind_it(
    planned: Sequence[Entry], schedule: Sequence[Action]
) -> None:
    run_in_memory(planned, schedule)


@given(planned=logs_with_refusals, schedule=schedules)
def test_what_the_database_refuses_leaves_no_gap_and_takes_nothing_with_it(
    planned: Sequence[Entry], schedule: Sequence[Action]
) -> None:
    run_in_memory(planned, schedule)


@given(planned=logs_with_thefts, schedule=schedules)
def test_an_id_that_two_conversations_want_is_stored_once(
    planned: Sequence[Entry], schedule: Sequence[Action]
) -> None:
    run_in_memory(planned, schedule, assert_ids_stand_once)


def run_in_memory(
    planned: Sequence[Entry],
    schedule: Sequence[Action],
    check_end: Callable[[Scenario, Store], None] = assert_equals_a_recount,
) -> None:
    scenario = Scenario("model", planned)
    store = MemoryStore()
    for room in scenario.rooms:
        store.add_room(room, "tenant-1")
    with replaced(store.functions()), pytest.MonkeyPatch.context() as patch:
        patch.setattr(dead_letters, "run_below", lambda *_: 0)
        patch.setattr(handler, "generation_of", generation_of)
        run(scenario, schedule, store, check_end)


@pytest.mark.usefixtures("database")
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(planned=logs_with_changes, schedule=schedules)
def test_the_real_database_does_as_the_played_one(
    conversation: Callable[..., str], planned: Sequence[Entry], schedule: Sequence[Action]
) -> None:
    scenario = Scenario(f"real-{new_id()}-{next(_numbers)}", planned)
    for room in scenario.rooms:
        conversation(conversation_id=room, names={READER: "Bình"})
    with replaced(REAL_FUNCTIONS):
        run(scenario, schedule, RealStore(scenario.topic), assert_equals_a_recount)


_numbers = count()

REAL_FUNCTIONS = {
    "consumers.messages.read_stored": messages.read_stored,
    "consumers.messages.read_numbers_above": messages.read_numbers_above,
    "consumers.messages.read_neighbour_below": messages.read_neighbour_below,
    "consumers.messages.insert": messages.insert,
    "consumers.messages.read_last_message": messages.read_last_message,
    "consumers.writer.apply_changes": apply_changes,
    "consumers.writer.move_positions": move_positions,
    "consumers.heads.read_heads": heads.read_heads,
    "consumers.heads.update_heads": heads.update_heads,
    "consumers.dead_letters.read_buried": dead_letters.read_buried,
    "consumers.dead_letters.bury": dead_letters.bury,
}


@contextmanager
def replaced(functions: dict[str, Callable[..., Any]]) -> Iterator[None]:
    """Each of them becomes a step that waits for its process' turn."""
    with pytest.MonkeyPatch.context() as patch:
        for name, function in functions.items():
            patch.setattr(name, in_turns(name, function))
        yield


class RealStore:
    """What the recount reads, of the session's MongoDB."""

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def messages_of(self, room: str) -> list[dict[str, Any]]:
        return stored(room)

    def last_seq(self, room: str) -> int:
        return int(head(room)["lastSeq"])

    def last_message(self, room: str) -> tuple[str, datetime] | None:
        last = head(room).get("lastMessage")
        return (last["messageId"], last["sentAt"]) if last else None

    def mark(self, room: str, partition: int) -> int:
        return int(head(room).get("log", {}).get(f"p{partition}", {}).get("o", -1))

    def position(self, room: str) -> int:
        query = {"conversationId": room, "userId": READER}
        [participant] = collection("participants").find(query)
        return int(participant["readSeq"])

    def dead_letters(self) -> dict[tuple[int, int], str]:
        found = collection("dead_letters").find({"topic": self._topic})
        return {(each["partition"], each["offset"]): each["reason"] for each in found}
