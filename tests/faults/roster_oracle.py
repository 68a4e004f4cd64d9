"""Which student groups a roster's events mean, folded in the order in which they happened.

Shares no code with the product.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pymongo.database import Database

from tests.faults.roster_load import RosterLoad, Told

Key = tuple[str, str]
"""A school, and a student or a class of it."""


@dataclass
class Student:
    name: str | None = None
    school_class: str | None = None
    parents: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """People are (name, role) by id."""

    name: str
    school_class: str | None
    people: Mapping[str, tuple[str, str]]


def groups(told: Iterable[Told]) -> dict[Key, Group]:
    """By school and student. An event that came twice means what it means once."""
    students: dict[Key, Student] = defaultdict(Student)
    teachers: dict[Key, dict[str, str]] = defaultdict(dict)
    for kind, body in sorted(told, key=lambda each: (each[1]["occurredOn"], each[1]["id"])):
        student = students[body["tenantId"], body.get("studentId", "")]
        of_class = teachers[body["tenantId"], body.get("classId", "")]
        match kind:
            case "StudentCreatedIntegrationEvent":
                student.name, student.school_class = body["studentName"], body["classId"]
                student.parents |= {
                    each["parentId"]: each["parentName"] for each in body["parents"]
                }
            case "ParentEnrolledIntegrationEvent":
                student.parents[body["parentId"]] = body["parentName"]
            case "StudentClassChangedIntegrationEvent":
                student.school_class = body["classId"]
            case "TeacherAssignedIntegrationEvent":
                of_class[body["teacherId"]] = body["teacherName"]
            case "TeacherUnassignedIntegrationEvent":
                of_class.pop(body["teacherId"], None)
    return {
        key: _group(student, teachers[key[0], student.school_class or ""])
        for key, student in students.items()
        if student.name and student.parents
    }


def _group(student: Student, teachers: Mapping[str, str]) -> Group:
    role = "Member" if teachers else "Admin"
    people = {user_id: (name, role) for user_id, name in student.parents.items()}
    people |= {user_id: (name, "Admin") for user_id, name in teachers.items()}
    return Group(f"Student: {student.name}", student.school_class, people)


def stored_groups(database: Database[dict[str, Any]], tenants: Iterable[str]) -> dict[Key, Group]:
    """As MongoDB has them. Fails when a student has two."""
    query = {"type": "StudentGroup", "tenantId": {"$in": list(tenants)}}
    found: dict[Key, Group] = {}
    for each in database["conversations"].find(query):
        people = {
            one["userId"]: (one["userName"], one["role"])
            for one in database["participants"].find({"conversationId": each["_id"]})
        }
        key = (each["tenantId"], each["studentId"])
        assert key not in found, f"{key} has two groups"
        found[key] = Group(each["name"], each.get("classId"), people)
    return found


def differences(load: RosterLoad, topic: str, database: Database[dict[str, Any]]) -> Iterator[str]:
    """Groups, and dead letters, as the events and the poison mean them."""
    due = groups(load.told)
    there = stored_groups(database, {body["tenantId"] for _, body in load.told})
    for key in sorted(due.keys() | there.keys()):
        if due.get(key) != there.get(key):
            yield f"the group of {key} is {there.get(key)}, not {due.get(key)}"
    letters = {
        (d["partition"], d["offset"]) for d in database["dead_letters"].find({"topic": topic})
    }
    for place in sorted(letters ^ load.poison):
        what = "is a dead letter" if place in letters else "is no dead letter"
        yield f"{place} of the roster {what}"
