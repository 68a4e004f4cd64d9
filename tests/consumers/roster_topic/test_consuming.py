"""The roster on the real Kafka: consumed, dead-lettered and retried, replayed."""

import json

import confluent_kafka as kafka

from chat_project.mongodb import collection
from tests.consumers.roster_events import CREATED, School
from tests.consumers.roster_topic.conftest import RosterPipeline


def test_the_consumer_handles_the_roster_and_its_lag_tells_of_it(
    pipeline: RosterPipeline, school: School
) -> None:
    pipeline.tell(school.assigned("t-1"), school.created("s-1", "p-1"))
    lag = json.loads(pipeline.run("consumer_lag", "--json"))
    assert sum(each["lag"] for each in lag if each["topic"] == pipeline.topic) == 2

    pipeline.drain()

    assert school.people() == {"t-1": "Admin", "p-1": "Member"}
    lag = json.loads(pipeline.run("consumer_lag", "--json"))
    assert sum(each["lag"] for each in lag) == 0
    pipeline.run("reconcile", "--conversation", school.group()["_id"])


def test_who_joins_is_told_in_the_group_by_a_message_of_the_system(
    pipeline: RosterPipeline, school: School
) -> None:
    pipeline.tell(school.created("s-1", "p-1"))
    pipeline.drain()
    pipeline.tell(school.assigned("t-1"))

    pipeline.drain()  # tells
    pipeline.drain()  # stores what was told

    [message] = collection("messages").find({"conversationId": school.group()["_id"]})
    assert (message["type"], message["content"]) == ("System", "Name of t-1 đã tham gia")
    assert message["senderId"] == "00000000-0000-0000-0000-000000000000"


def test_a_platform_may_use_topics_of_its_own(pipeline: RosterPipeline, school: School) -> None:
    own = f"{pipeline.topic}.own"
    pipeline.variables["KAFKA_TOPICS"] = f"{own},{pipeline.environment.message_topic}"
    admin = kafka.admin.AdminClient(pipeline.environment.kafka_connection())
    admin.create_topics([kafka.admin.NewTopic(own, 2)])[own].result()
    event_type, body = school.created("s-1", "p-1")
    headers: list[tuple[str, str | bytes | None]] = [("event-type", event_type.encode())]
    pipeline._producer.produce(own, json.dumps(body).encode(), None, headers=headers)
    assert pipeline._producer.flush(30) == 0

    pipeline.drain()

    assert school.people() == {"p-1": "Admin"}


def test_a_dead_letter_is_kept_retried_to_its_topic_under_its_key_and_discarded(
    pipeline: RosterPipeline, school: School
) -> None:
    pipeline.tell((CREATED, b'{"broken'), key="a key of its own")
    pipeline.drain()
    [kept] = pipeline.dead_lettered()
    assert (kept.key, kept.value) == (b"a key of its own", b'{"broken')
    query = {"topic": pipeline.topic}
    letter = collection("dead_letters").find_one(query) or {}
    assert letter["reason"] == "malformed"

    assert pipeline.run("dead_letters", "retry", letter["_id"]) == f"{letter['_id']} retried\n"

    first, again = sorted(pipeline.records(pipeline.topic), key=lambda record: record.offset)
    assert (again.key, again.value, again.partition) == (first.key, first.value, first.partition)
    assert again.header("emis.retry-of") == letter["_id"]
    pipeline.drain()
    letters = list(collection("dead_letters").find(query).sort("offset", 1))
    assert [each.get("closedHow") for each in letters] == ["retried", None]
    told = pipeline.run("dead_letters", "discard", letters[1]["_id"], "--why", "broken", "--yes")
    assert told.startswith("discarded 1")


def test_replaying_the_rosters_topic_changes_nothing(
    pipeline: RosterPipeline, school: School
) -> None:
    pipeline.tell(school.created("s-1", "p-1"), school.assigned("t-1"))
    pipeline.drain()
    before = school.picture()

    told = pipeline.run(
        "replay", "--topic", pipeline.topic, "--from", "beginning", "--yes", "--json"
    )
    assert sum(each["records"] for each in json.loads(told)["partitions"]) == 2
    pipeline.drain()
    assert school.picture() == before

    live = pipeline.run(
        *("replay", "--topic", pipeline.topic, "--from", "beginning", "--live", "--yes", "--json")
    )
    assert json.loads(live)["applied"]["records"] == 2
    assert school.picture() == before


def test_a_replay_knows_subscribed_topics_only(pipeline: RosterPipeline) -> None:
    told = pipeline.run("replay", "--topic", "other", "--from", "0", exit_code=2)

    assert f"'{pipeline.topic}'" in told
