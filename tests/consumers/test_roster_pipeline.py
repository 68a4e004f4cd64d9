"""The roster on the real Kafka: consumed, dead-lettered and retried, replayed, imported from files."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import confluent_kafka as kafka
import pytest

from chat_project.mongodb import collection
from chat_project.settings.environment import BASE_DIR
from tests.consumers.pipelines import Pipeline
from tests.consumers.roster_events import CREATED, School
from tests.processes import manage

HEADER = "sourcedId,givenName,familyName,role,classSourcedId,primary,agentSourcedIds\n"
CLASS = f"""{HEADER}t-1,Dũng,Lê,teacher,9A,true,
s-1,An,Nguyễn,student,9A,,p-1
s-2,Bình,Nguyễn,student,9A,,"p-1,p-2"
p-1,Lan,Hoàng,parent,,,
p-2,Tư,Nguyễn,parent,,,
"""


class RosterPipeline(Pipeline):
    """A pipeline whose topics are subscribed both, and its commands."""

    @property
    def topic(self) -> str:
        return self.environment.roster_topic

    def tell(self, *events: tuple[str, Any], key: str = "any") -> None:
        for event_type, body in events:
            value = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers: list[tuple[str, str | bytes | None]] = [("event-type", event_type.encode())]
            self._producer.produce(self.topic, value, key, headers=headers)
        assert self._producer.flush(30) == 0

    def drain(self) -> None:
        with self.consumer("--drain") as process:
            assert process.wait(60) == 0, process.output()

    def run(self, *command: str, exit_code: int = 0) -> str:
        """What the command prints; its standard error, too, with another exit code than 0."""
        done = subprocess.run(
            manage(*command),
            cwd=BASE_DIR,
            env={**os.environ, **self.variables},
            capture_output=True,
            check=False,
        )
        assert done.returncode == exit_code, (done.stdout + done.stderr).decode()
        return done.stdout.decode() + (done.stderr.decode() if exit_code else "")


@pytest.fixture
def pipeline(database: None) -> RosterPipeline:
    return RosterPipeline()


@pytest.fixture
def school() -> School:
    return School()


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


# --- import_roster --------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "class.csv"
    path.write_text(CLASS)
    return path


def imported(pipeline: RosterPipeline, school: School, file: Path, *options: str) -> str:
    return pipeline.run("import_roster", str(file), "--tenant", school.tenant_id, *options)


def test_a_file_becomes_groups_and_the_same_again_changes_nothing(
    pipeline: RosterPipeline, school: School, file: Path
) -> None:
    told = imported(pipeline, school, file)
    assert told.splitlines() == [
        "2 students in 1 classes, 1 teachers",
        f"published 3 events to {pipeline.topic}",
    ]
    pipeline.drain()
    assert school.people("s-1") == {"t-1": "Admin", "p-1": "Member"}
    assert school.people("s-2") == {"t-1": "Admin", "p-1": "Member", "p-2": "Member"}
    groups, participants = school.groups(), school.picture()[2:7]

    imported(pipeline, school, file)
    pipeline.drain()

    assert (school.groups(), school.picture()[2:7]) == (groups, participants)


def test_a_changed_file_changes_what_has_changed(
    pipeline: RosterPipeline, school: School, file: Path
) -> None:
    imported(pipeline, school, file)
    pipeline.drain()
    changed = CLASS.replace("t-1,Dũng,Lê", "t-2,Mai,Phạm")
    file.write_text(changed.replace('9A,,"p-1,p-2"', "9B,,p-2") + "t-3,Hà,Vũ,teacher,9B,,\n")

    told = imported(pipeline, school, file)
    pipeline.drain()

    assert "1 teachers are of a class no more" in told
    assert school.people("s-1") == {"t-2": "Admin", "p-1": "Member"}
    assert school.people("s-2") == {"t-3": "Admin", "p-1": "Member", "p-2": "Member"}
    assert school.group("s-2")["classId"] == "9B"


def test_enrolments_alone_change_what_earlier_files_have_told(
    pipeline: RosterPipeline, school: School, file: Path
) -> None:
    file.write_text(CLASS + "t-2,Mai,Phạm,teacher,9B,,\n")
    imported(pipeline, school, file)
    pipeline.drain()
    file.write_text(
        "userSourcedId,classSourcedId,role,status\n"
        "t-1,9A,teacher,tobedeleted\n"
        "t-2,9A,teacher,active\n"
        "s-2,9B,student,active\n"
    )

    told = imported(pipeline, school, file)
    pipeline.drain()

    assert "leaves class 9A: Lê Dũng (t-1)" in told
    assert school.people("s-1") == {"t-2": "Admin", "p-1": "Member"}
    assert school.group("s-2")["classId"] == "9B"


def test_one_more_child_of_a_known_parent_needs_no_row_of_the_parent(
    pipeline: RosterPipeline, school: School, file: Path
) -> None:
    imported(pipeline, school, file)
    pipeline.drain()
    file.write_text(
        HEADER.replace("agentS", "status,agentS") + "s-3,Chi,Nguyễn,student,9A,,active,p-2\n"
    )

    imported(pipeline, school, file)
    pipeline.drain()

    assert school.people("s-3") == {"t-1": "Admin", "p-2": "Member"}


def test_a_dry_run_publishes_nothing(pipeline: RosterPipeline, school: School, file: Path) -> None:
    told = imported(pipeline, school, file, "--dry-run", "--json")

    answer = json.loads(told)
    assert (answer["students"], answer["published"], answer["dryRun"]) == (2, 0, True)
    assert pipeline.records(pipeline.topic) == []


def test_what_is_refused_is_told_and_the_rest_is_published(
    pipeline: RosterPipeline, school: School, file: Path
) -> None:
    file.write_text(CLASS + "s-3,Chi,Nguyễn,pupil,9A,,\n")

    told = pipeline.run("import_roster", str(file), "--tenant", school.tenant_id, exit_code=1)

    assert "refused: class.csv line 7, role: 'pupil': allowed are administrator," in told
    assert "published 3 events" in told
    assert "1 refused; the rest was taken" in told
    assert len(pipeline.records(pipeline.topic)) == 3


def test_records_of_a_class_lie_in_one_partition_teachers_first(
    pipeline: RosterPipeline, school: School, file: Path
) -> None:
    imported(pipeline, school, file)

    records = pipeline.records(pipeline.topic)
    assert {record.key for record in records} == {b"9A"}
    kinds = [record.header("event-type") for record in records]
    assert kinds == ["TeacherAssignedIntegrationEvent", CREATED, CREATED]
    for record in records:
        assert record.header("ordering-key") == "9A"
        assert record.header("timestamp") == json.loads(record.value or b"")["occurredOn"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["missing.csv", "--tenant", "school-1"], "missing.csv: No such file or directory"),
        (["missing.csv"], "--tenant"),
        (["missing.csv", "--tenant", "a\nb"], "--tenant must have 1 to 255 printable characters"),
    ],
    ids=["no file", "no tenant", "no id"],
)
def test_wrong_arguments_are_told_with_exit_2(
    pipeline: RosterPipeline, arguments: list[str], problem: str
) -> None:
    assert problem in pipeline.run("import_roster", *arguments, exit_code=2)


def test_without_a_topic_nothing_is_published(pipeline: RosterPipeline, file: Path) -> None:
    pipeline.variables["KAFKA_TOPIC_PREFIX"] = f"other-{uuid4().hex[:8]}"

    told = pipeline.run("import_roster", str(file), "--tenant", "school-1", exit_code=2)

    assert "run create_topics" in told
