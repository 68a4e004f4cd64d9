"""Whatever order a roster's events come in, and however often: the same groups come of them."""

import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat_project import mongodb
from chat_project.mongodb import collection
from conversations import services
from tests.consumers.conftest import Consumer
from tests.consumers.roster_events import CAME_AT, RosterTopic
from tests.faults.roster_load import Told, any_event
from tests.faults.roster_oracle import groups, stored_groups

numbers = count()
AFTER_ALL = CAME_AT + timedelta(days=1)
"""When the records came: no event is of the future."""


@pytest.mark.usefixtures("database")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    events=st.integers(1, 60),
    repeated=st.floats(0, 1),
    batch=st.integers(1, 30),
)
def test_any_order_with_any_repetition_ends_in_the_same_groups(
    monkeypatch: pytest.MonkeyPatch, seed: int, events: int, repeated: float, batch: int
) -> None:
    monkeypatch.setattr(services.outbox, "announce", lambda *_: None)
    dice = random.Random(seed)
    tenants = (f"school-{uuid4().hex[:8]}", f"school-{uuid4().hex[:8]}")
    told = [any_event(dice, tenants) for _ in range(events)]

    deliver(_shuffled(dice, told, repeated), batch)

    assert stored_groups(mongodb.database(), tenants) == groups(told)
    collection("outbox").delete_many({})


def _shuffled(dice: random.Random, told: Sequence[Told], repeated: float) -> list[Told]:
    coming = [*told, *(each for each in told if dice.random() < repeated)]
    dice.shuffle(coming)
    return coming


def deliver(told: Sequence[Told], batch: int) -> None:
    """To a consumer that knows nothing yet, in batches of that size."""
    name = f"test-{uuid4().hex[:8]}-{next(numbers)}"
    topic = RosterTopic(Consumer(f"{name}.message.sent").assigned(), f"{name}.student.created")
    for start in range(0, len(told), batch):
        some = told[start : start + batch]
        topic.apply([topic.append(*each, came_at=AFTER_ALL) for each in some])
