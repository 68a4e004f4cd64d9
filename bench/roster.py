"""`python -m bench.roster`: how long a school's roster takes from its CSV file to the conversations.

One consumer runs; `import_roster` is started, and the time ends when every student has a group with
all its people. The same file is then imported again, which must not change anything.
"""

import argparse
import csv
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.plain import tell
from bench.stage import TENANT, Stage, manage
from bench.waiting import BenchFailed, wait_until
from consumers.arguments import whole_number
from consumers.lag import LagReader

TEACHERS_PER_CLASS, PARENTS_PER_STUDENT = 2, 2
DEADLINE_SECONDS = 600.0
LOOK_SECONDS = 0.05
HEADER = ("sourcedId", "givenName", "familyName", "role", "classSourcedId", "primary")
Picture = list[tuple[Any, ...]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 measured, 1 refused or failed, 2 wrong arguments."""
    options = _parser().parse_args(arguments)
    return tell("bench-roster", lambda stage: _measure(stage, options.students, options.classes))


def _measure(stage: Stage, students: int, classes: int) -> list[str]:
    file = stage.folder / "school.csv"
    people = _write(file, students, classes)
    stage.prepare(1)
    consumer = stage.consumer("consumer")
    try:
        first = _import(stage, file)
        pictured = _picture(stage)
        found = sum(1 for each in pictured if each[0] == "group")
        joined = sum(1 for each in pictured if each[0] == "participant")
        if (found, joined) != (students, people):
            raise BenchFailed(f"{found} groups of {students}, {joined} people of {people}")
        second = _import(stage, file)
        if _picture(stage) != pictured:
            raise BenchFailed("the second import changed something: no figure of this run counts")
        consumer.check_alive()
    finally:
        consumer.stop()
    told = f"{students:,} students of {classes} classes, {people:,} participants"
    return [
        f"{told}: {first:.1f} s from the start of import_roster to the last group",
        f"the same file again: {second:.1f} s, and no difference",
    ]


def _write(file: Path, students: int, classes: int) -> int:
    """Gives how many participants the groups must have in all."""
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target)
        writer.writerow([*HEADER, "agentSourcedIds"])
        for number in range(classes):
            for which in range(TEACHERS_PER_CLASS):
                name = f"teacher-{number}-{which}"
                head = "true" if which == 0 else "false"
                writer.writerow(
                    [name, f"Dũng {which}", "Lê", "teacher", f"class-{number}", head, ""]
                )
        for number in range(students):
            parents = [f"parent-{number}-{which}" for which in range(PARENTS_PER_STUDENT)]
            row = [f"student-{number}", f"An {number}", "Nguyễn", "student"]
            writer.writerow([*row, f"class-{number % classes}", "", ",".join(parents)])
            for each in parents:
                writer.writerow([each, f"Lan {number}", "Hoàng", "parent", "", "", ""])
    return students * (TEACHERS_PER_CLASS + PARENTS_PER_STUDENT)


def _import(stage: Stage, file: Path) -> float:
    """Seconds from the start of the command until the consumer has handled all of it."""
    began = time.monotonic()
    command = manage("import_roster", str(file), "--tenant", TENANT)
    run = stage.consumer("import", command=command)
    if run.process.wait(DEADLINE_SECONDS):
        run.check_alive()
    reader, topic = LagReader(stage.kafka, stage.group_id), f"{stage.prefix}.student.created"
    try:
        wait_until(
            lambda: not sum(each.lag for each in reader.read([topic])),
            "all is handled",
            seconds=DEADLINE_SECONDS,
            every_seconds=LOOK_SECONDS,
        )
    finally:
        reader.close()
    return time.monotonic() - began


def _picture(stage: Stage) -> Picture:
    groups = stage.conversations.find({"type": "StudentGroup"}).sort("_id", 1)
    people = stage.database.participants.find({"userId": {"$ne": "user-1"}}).sort("_id", 1)
    return [
        *(("group", each["_id"], each["name"], each["version"]) for each in groups),
        *(("participant", each["_id"], each["userId"], each["role"]) for each in people),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.roster",
        description="Measures a roster from its CSV file to the conversations, twice. Exit 1:"
        " something failed, or the second import changed something; then no figure is told.",
    )
    parser.add_argument(
        "--students", type=whole_number(1, 100_000), default=2_000, help="(%(default)s)"
    )
    parser.add_argument("--classes", type=whole_number(1, 5_000), default=60, help="(%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
