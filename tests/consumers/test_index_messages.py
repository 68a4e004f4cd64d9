"""`manage.py index_messages` and `rebuild_search` as operators run them, on real Kafka."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

import pytest

from chat_project.mongodb import Document, collection
from messaging import search
from tests.conftest import Api
from tests.consumers.events import change, event
from tests.consumers.pipelines import Pipeline, scrape
from tests.processes import Process, manage, running
from tests.waiting import wait_until

MakeConversation = Callable[..., str]
Find = Callable[[str], list[str]]


@pytest.fixture
def room(conversation: MakeConversation) -> str:
    return conversation(names={"user-1": "An"})


@pytest.fixture
def find(api: Callable[..., Api], room: str) -> Find:
    """The texts that a participant finds over HTTP, newest first."""
    user = api("user-1", "tenant-1")

    def ask(term: str) -> list[str]:
        path = f"/api/v1/messages/conversation/{room}/search"
        return [item["content"] for item in user.get(path, searchTerm=term).json()["data"]["items"]]

    return ask


def indexing(
    pipeline: Pipeline, *options: str, **variables: str
) -> AbstractContextManager[Process]:
    return running(manage("index_messages", *options), {**pipeline.variables, **variables})


def store(pipeline: Pipeline) -> None:
    with pipeline.consumer("--drain") as consumer:
        assert consumer.wait() == 0, consumer.output()


def index(pipeline: Pipeline, *options: str, **variables: str) -> str:
    with indexing(pipeline, "--drain", *options, **variables) as indexer:
        assert indexer.wait() == 0, indexer.output()
        return indexer.output()


def indexed(room: str) -> list[Document]:
    return list(collection(search.COLLECTION).find({"conversationId": room}).sort("seq", 1))


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_stored_messages_are_found_as_they_are_now(
    pipeline: Pipeline, room: str, find: Find, protocol: str
) -> None:
    contents = ["Học sinh đi Đà Nẵng", "Họp phụ huynh", "Mật khẩu"]
    bodies = [event(room, content=content) for content in contents]
    pipeline.produce(bodies)
    edit = change(room, messageId=bodies[1]["messageId"], content="Nghỉ lễ")
    pipeline.produce([edit], event_type="MessageEditedEvent")
    deletion = change(room, messageId=bodies[2]["messageId"])
    pipeline.produce([deletion], event_type="MessageDeletedEvent")
    store(pipeline)

    index(pipeline, KAFKA_GROUP_PROTOCOL=protocol)

    assert find("học sinh đà nẵng") == find("hoc sinh da nang") == contents[:1]
    assert (find("phu huynh"), find("nghi le"), find("mat khau")) == ([], ["Nghỉ lễ"], [])


def test_an_indexer_ahead_of_the_consumers_waits_for_them_and_loses_nothing(
    pipeline: Pipeline, room: str, find: Find
) -> None:
    with indexing(pipeline) as indexer:
        pipeline.produce([event(room, content=f"Tin {number}") for number in range(20)])
        wait_until(lambda: "records are not stored yet" in indexer.output(), "it waits")
        assert find("tin") == []

        store(pipeline)

        wait_until(lambda: len(find("tin")) == 20, "everything is found")
        assert indexer.stop() == 0


def test_sigterm_ends_it_with_zero_also_while_it_waits(pipeline: Pipeline, room: str) -> None:
    pipeline.send(room)
    with indexing(pipeline) as indexer:
        wait_until(lambda: "records are not stored yet" in indexer.output(), "it waits")

        assert indexer.stop() == 0

    store(pipeline)
    index(pipeline)
    assert len(indexed(room)) == 1, "nothing was committed that was not indexed"


def test_it_indexes_live_beside_the_consumers(pipeline: Pipeline, room: str, find: Find) -> None:
    with pipeline.consumer() as consumer, indexing(pipeline) as indexer:
        pipeline.produce([event(room, content="Chào cả lớp")])

        wait_until(lambda: find("chao"), "the message is found")
        assert consumer.stop() == indexer.stop() == 0


def test_two_indexers_share_the_partitions(
    pipeline: Pipeline, conversation: MakeConversation
) -> None:
    rooms = [conversation() for _ in range(40)]
    ids: set[str] = set()
    with pipeline.consumer(), indexing(pipeline) as one, indexing(pipeline) as other:

        def both_work() -> bool:
            for room in rooms:
                ids.update(pipeline.send(room))
            return all("Indexed" in each.output() for each in (one, other))

        wait_until(both_work, "both have indexed something")
        query = {"conversationId": {"$in": rooms}}
        wait_until(
            lambda: collection(search.COLLECTION).count_documents(query) == len(ids),
            "everything is indexed",
        )
        assert one.stop() == other.stop() == 0
    assert {each["_id"] for each in collection(search.COLLECTION).find(query)} == ids


def test_kill_9_under_load_loses_nothing(
    pipeline: Pipeline, conversation: MakeConversation
) -> None:
    rooms = [conversation() for _ in range(20)]
    query = {"conversationId": {"$in": rooms}}
    ids: set[str] = set()
    session = {"KAFKA_SESSION_TIMEOUT_MS": "3000"}
    with pipeline.consumer() as consumer:
        for _ in range(2):
            before = collection(search.COLLECTION).count_documents(query)
            with indexing(pipeline, "--max-batch-size", "50", **session) as victim:
                for room in rooms:
                    ids.update(pipeline.send(room, 20))
                wait_until(
                    lambda before=before: (
                        collection(search.COLLECTION).count_documents(query) > before + 100
                    ),
                    "it works",
                )
                victim.kill()
        with indexing(pipeline, "--drain", **session) as survivor:
            assert survivor.wait(60) == 0, survivor.output()
        assert consumer.stop() == 0

    assert {each["_id"] for each in collection(search.COLLECTION).find(query)} == ids


def test_a_replay_from_the_first_record_changes_nothing(pipeline: Pipeline, room: str) -> None:
    ids = pipeline.send(room, 10)
    deletion = change(room, messageId=ids[3])
    pipeline.produce([deletion], event_type="MessageDeletedEvent")
    store(pipeline)
    index(pipeline)
    before = indexed(room)

    output = index(pipeline, "--group", f"again-{uuid4().hex}")

    assert indexed(room) == before
    assert len(before) == 10
    assert "Nothing committed yet, so from the first record" in output
    assert "Indexed" not in output


def test_dead_letters_do_not_hold_it_up(pipeline: Pipeline, room: str, find: Find) -> None:
    unknown = event("0199aaaa-7777-7222-8333-444455556666", content="Chào")
    pipeline.produce([b"broken", unknown, event(room, tenant_id="another", content="Chào")])
    pipeline.produce([event(room, content="Chào cả lớp")])
    store(pipeline)

    index(pipeline)

    assert find("chao") == ["Chào cả lớp"]


def test_it_tells_its_metrics_under_names_of_its_own(pipeline: Pipeline, room: str) -> None:
    pipeline.send(room, 2)
    store(pipeline)
    topic = pipeline.environment.message_topic

    with indexing(pipeline) as indexer:
        wait_until(lambda: "Indexed 2 messages" in indexer.output(), "both are indexed")
        wait_until(lambda: f'search_index_lag{{topic="{topic}"}} 0.0' in scrape(indexer), "the lag")
        text = scrape(indexer)
        assert indexer.stop() == 0

    assert 'search_documents_total{result="written"} 2.0' in text
    assert 'search_documents_total{result="not_stored"} 0.0' in text
    assert "kafka_consumer_lag{" not in text


def test_another_partition_count_than_the_setting_stops_with_a_clear_error(
    pipeline: Pipeline,
) -> None:
    with indexing(pipeline, KAFKA_PARTITIONS="12") as indexer:
        assert indexer.wait() == 1
        assert "has 10 partitions and KAFKA_PARTITIONS is 12" in indexer.output()


def test_a_wrong_argument_is_refused_with_what_is_allowed(pipeline: Pipeline) -> None:
    with indexing(pipeline, "--max-batch-size", "0") as indexer:
        assert indexer.wait() == 2
        assert "a whole number from 1 to 10000" in indexer.output()


def rebuild_search(database: str, *options: str) -> tuple[int, str]:
    variables = {"MONGODB_DATABASE": database}
    with running(manage("rebuild_search", *options), variables) as command:
        return command.wait(), command.output()


def told(output: str) -> Any:
    [line] = [line for line in output.splitlines() if line.startswith("{")]
    return json.loads(line)


def test_rebuild_search_makes_what_the_indexer_makes(
    pipeline: Pipeline, own_database: str, conversation: MakeConversation
) -> None:
    pipeline.variables["MONGODB_DATABASE"] = own_database
    room = conversation()
    ids = pipeline.send(room, 5)
    deletion = change(room, messageId=ids[0])
    pipeline.produce([deletion], event_type="MessageDeletedEvent")
    store(pipeline)
    index(pipeline)
    made = indexed(room)
    collection(search.COLLECTION).drop()

    code, output = rebuild_search(own_database)

    assert code == 0
    assert indexed(room) == made
    assert "5 messages are in the search: 5 added, 0 corrected, 0 as they were; 0 that" in output
    again = {"messages": 5, "added": 0, "corrected": 0, "unchanged": 5, "removed": 0}
    assert told(rebuild_search(own_database, "--json")[1]) == again


def test_rebuild_search_says_that_mongodb_is_away(pipeline: Pipeline) -> None:
    address = "mongodb://127.0.0.1:9/?replicaSet=rs0"
    with running(manage("rebuild_search"), {"MONGODB_URI": address}) as command:
        assert command.wait() == 1
        assert "not to the end, run it again: " in command.output()
