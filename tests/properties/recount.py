"""What a log alone says must be stored of it."""

import json
from collections import Counter
from typing import Any, NamedTuple

from consumers.records import Record
from tests.properties.choices import CHANGES, READ
from tests.properties.scenarios import Scenario, partition_of
from tests.properties.store import REFUSED_CONTENT


class Expected(NamedTuple):
    """The recount: what the log alone says must be there."""

    stored: dict[str, list[dict[str, Any]]]
    """By room, the events that are stored, in the order of the log."""
    dead: dict[tuple[int, int], str]
    marks: dict[tuple[str, int], int]
    refused: Counter[str]
    texts: dict[str, str]
    """By message id, what its last edit says."""
    deleted: set[str]
    reacted: set[str]
    positions: Counter[str]


def recount(scenario: Scenario) -> Expected:
    """By contract and design alone; shares no rule with the consumer."""
    stored: dict[str, list[dict[str, Any]]] = {room: [] for room in scenario.rooms}
    expected = Expected(stored, {}, {}, Counter(), {}, set(), set(), Counter())
    for partition, records in enumerate(scenario.log):
        winners: dict[str, dict[str, Any]] = {}
        for each in records:
            reason = _fate(each, partition, scenario, winners, expected)
            if reason:
                expected.dead[partition, each.offset] = reason
    return expected


def _fate(
    each: Record,
    partition: int,
    scenario: Scenario,
    winners: dict[str, dict[str, Any]],
    expected: Expected,
) -> str | None:
    if each.value == b"broken":
        return "malformed"
    body = json.loads(each.value or b"")
    room = body["conversationId"]
    if partition_of(room) != partition:
        return "wrong_partition"
    if room not in scenario.rooms:
        return "unknown_conversation"
    kind = each.header("event-type") or ""
    if kind == READ:
        read = min(body["upToSeq"], len(expected.stored[room]))
        expected.positions[room] = max(expected.positions[room], read)
        return None
    expected.marks[room, partition] = each.offset
    if kind in CHANGES.values():
        return _change(kind, body, expected)
    if body["tenantId"] != "tenant-1":
        return "wrong_tenant"
    winner = winners.get(body["messageId"])
    if winner is not None:
        return None if winner["content"] == body["content"] else "id_conflict"
    if body["content"] == REFUSED_CONTENT:
        expected.refused[room] += 1
        return "refused_by_database"
    winners[body["messageId"]] = body
    expected.stored[room].append(body)
    return None


def _change(kind: str, body: dict[str, Any], expected: Expected) -> str | None:
    message_id = body["messageId"]
    if all(each["messageId"] != message_id for each in expected.stored[body["conversationId"]]):
        return "unknown_target"
    if message_id in expected.deleted:
        return None
    match kind:
        case "MessageEditedEvent" if body["content"] == REFUSED_CONTENT:
            return "refused_by_database"
        case "MessageEditedEvent":
            expected.texts[message_id] = body["content"]
        case "MessageReactionAddedEvent":
            expected.reacted.add(message_id)
        case "MessageReactionRemovedEvent":
            expected.reacted.discard(message_id)
        case _:
            expected.texts[message_id] = ""
            expected.deleted.add(message_id)
            expected.reacted.discard(message_id)
    return None
