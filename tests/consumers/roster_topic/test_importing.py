"""`import_roster` on the real Kafka: files become groups, through the log."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.consumers.roster_events import CREATED, School
from tests.consumers.roster_topic.conftest import RosterPipeline

HEADER = "sourcedId,givenName,familyName,role,classSourcedId,primary,agentSourcedIds\n"
CLASS = f"""{HEADER}t-1,Dũng,Lê,teacher,9A,true,
s-1,An,Nguyễn,student,9A,,p-1
s-2,Bình,Nguyễn,student,9A,,"p-1,p-2"
p-1,Lan,Hoàng,parent,,,
p-2,Tư,Nguyễn,parent,,,
"""


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
