"""A repair brings nothing back that a purge takes away meanwhile."""

import pytest

from chat_project.mongodb import collection
from consumers.audit.repair import heads as head_repairs
from tests.consumers.conftest import head
from tests.retention.lives import Live
from tests.retention.purges import keep, purge, send

SECRET = "the secret"


def test_a_repair_of_the_last_message_beside_a_purge_brings_nothing_back(
    live: Live, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(live, room, SECRET)
    live.drain()
    live.expire(room)
    keep()
    collection("conversations").update_one({"_id": room}, {"$set": {"lastMessage.content": "x"}})
    compare_and_set, seen = head_repairs._compare_and_set, []

    def late(*arguments: object) -> None:
        purge(live)
        compare_and_set(*arguments)  # type: ignore[arg-type]  # as they came
        seen.append(head(room)["lastMessage"])

    monkeypatch.setattr(head_repairs, "_compare_and_set", late)

    assert live.audit(mend=True).is_clean
    assert seen[0] is None
