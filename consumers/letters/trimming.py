"""Removes from the dead-letter topic what is discarded: Kafka removes from the front only."""

from collections.abc import Callable, Sequence

import confluent_kafka as kafka
from confluent_kafka.admin import AdminClient

from chat_project.mongodb import majority_collection
from consumers.errors import KafkaSilent
from consumers.letters.originals import Coordinates, original_coordinates
from consumers.letters.selection import State
from consumers.log_reader import LogReader, Span
from consumers.offsets import ANSWER_SECONDS
from consumers.records import Record


def trim(
    reader: LogReader, admin: AdminClient, topic: str, *, on_progress: Callable[[int], object]
) -> int:
    """Deletes the longest prefix of each partition whose letters are all discarded.

    Copies of a discarded letter count as discarded. Gives how many offsets were freed; a record
    in front that is not discarded keeps those behind it. Raises RetryLater, pymongo's errors.
    """
    freed, requests = 0, []
    for partition, bounds in reader.bounds(topic).items():
        end = _end_of_discarded(reader, topic, partition, bounds, on_progress)
        if end > bounds.start:
            freed += end - bounds.start
            requests.append(kafka.TopicPartition(topic, partition, end))
    if requests:
        _delete(admin, requests)
    return freed


def _end_of_discarded(
    reader: LogReader,
    topic: str,
    partition: int,
    bounds: Span,
    on_progress: Callable[[int], object],
) -> int:
    end = bounds.start
    for records in reader.read(topic, {partition: bounds}):
        on_progress(len(records))
        discarded = _discarded(records)
        for record in records:
            if original_coordinates(record) not in discarded:
                return end
            end = record.offset + 1
    return end


def _discarded(records: Sequence[Record]) -> set[Coordinates]:
    """Of which every letter is discarded, whichever life of its topic it is of."""
    wanted = {original_coordinates(record) for record in records}
    lives: dict[str, list[int]] = {}
    for topic in majority_collection("topics").find({}, {"topic": 1, "t": 1}):
        lives.setdefault(topic["topic"], []).append(topic["t"])
    ids = {
        f"{t}:{p}:{o}": (topic, p, o) for topic, p, o in wanted for t in lives.get(topic or "", ())
    }
    query = {"_id": {"$in": list(ids)}}
    found = list(majority_collection("dead_letters").find(query, {"closedHow": 1}))
    kept = {ids[each["_id"]] for each in found if each.get("closedHow") != State.DISCARDED.value}
    return {ids[each["_id"]] for each in found} - kept


def _delete(admin: AdminClient, requests: list[kafka.TopicPartition]) -> None:
    try:
        for deletion in admin.delete_records(requests, request_timeout=ANSWER_SECONDS).values():
            deletion.result(timeout=ANSWER_SECONDS + 1)
    except (kafka.KafkaException, TimeoutError) as error:
        raise KafkaSilent("remove discarded records", error) from error
