"""Events and records of the roster as the tests make them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers.records import Record, TopicPartition
from consumers.topics import TopicDescription
from tests.consumers.conftest import Consumer

Body = dict[str, Any]

CREATED = "StudentCreatedIntegrationEvent"
ENROLLED = "ParentEnrolledIntegrationEvent"
ASSIGNED = "TeacherAssignedIntegrationEvent"
UNASSIGNED = "TeacherUnassignedIntegrationEvent"
CHANGED = "StudentClassChangedIntegrationEvent"

ADMIN, MEMBER = "Admin", "Member"

CAME_AT = datetime(2025, 9, 6, tzinfo=UTC)
"""When records came, unless another time is given: later than what they tell."""


class School:
    """A tenant of its own, and the events of its roster: each happens a second after the last."""

    def __init__(self, tenant_id: str | None = None) -> None:
        self.tenant_id = tenant_id or f"school-{uuid4().hex[:8]}"
        self._seconds = 0

    def event(self, **fields: Any) -> Body:
        self._seconds += 1
        minutes, seconds = divmod(self._seconds, 60)
        return {
            "id": new_id(),
            "occurredOn": f"2025-09-05T07:{minutes:02d}:{seconds:02d}.0000000Z",
            "tenantId": self.tenant_id,
            **fields,
        }

    def created(self, student: str = "s-1", *parents: str, **fields: Any) -> tuple[str, Body]:
        """A student of class 9A, unless another one is given; a parent's name follows the id."""
        told = {
            "studentId": student,
            "classId": "9A",
            "studentName": f"Name of {student}",
            "parents": [
                {"parentId": one, "parentName": f"Name of {one}", "relationship": "Mother"}
                for one in parents
            ],
        }
        return CREATED, self.event(**told | fields)

    def enrolled(self, student: str, parent: str, **fields: Any) -> tuple[str, Body]:
        told = {"studentId": student, "parentId": parent, "parentName": f"Name of {parent}"}
        return ENROLLED, self.event(**told | fields)

    def assigned(self, teacher: str, school_class: str = "9A", **fields: Any) -> tuple[str, Body]:
        told = {"classId": school_class, "teacherId": teacher, "teacherName": f"Name of {teacher}"}
        return ASSIGNED, self.event(**told | fields)

    def unassigned(self, teacher: str, school_class: str = "9A") -> tuple[str, Body]:
        return UNASSIGNED, self.event(classId=school_class, teacherId=teacher)

    def moved(self, student: str, school_class: str) -> tuple[str, Body]:
        return CHANGED, self.event(studentId=student, classId=school_class)

    def groups(self) -> list[Body]:
        """Its student groups, as MongoDB has them."""
        query = {"tenantId": self.tenant_id, "type": "StudentGroup"}
        return list(collection("conversations").find(query).sort("studentId", 1))

    def group(self, student: str = "s-1") -> Body:
        [group] = [each for each in self.groups() if each["studentId"] == student]
        return group

    def people(self, student: str = "s-1") -> dict[str, str]:
        """Roles by user id."""
        found = collection("participants").find({"conversationId": self.group(student)["_id"]})
        return {each["userId"]: each["role"] for each in found}

    def picture(self) -> list[Body]:
        """Everything that a replay may not change."""
        groups = self.groups()
        ids = {"conversationId": {"$in": [group["_id"] for group in groups]}}
        return [
            *groups,
            *collection("participants").find(ids).sort("_id", 1),
            *collection("outbox").find(ids).sort("_id", 1),
            *collection("roster_students").find({"tenantId": self.tenant_id}).sort("_id", 1),
        ]


class RosterTopic:
    """A topic of three partitions on its way to one consumer."""

    def __init__(self, consumer: Consumer, name: str) -> None:
        self.name = name
        self.records: list[Record] = []
        self._consumer = consumer
        consumer.handler.assigned(
            [TopicDescription(name, f"id-of-{name}", 3)],
            {TopicPartition(name, partition): None for partition in range(3)},
        )

    def append(
        self,
        event_type: str | None,
        body: Body | bytes | None,
        key: str = "any",
        *,
        came_at: datetime = CAME_AT,
    ) -> Record:
        headers = [("event-type", event_type.encode())] if event_type is not None else []
        record = Record(
            topic=self.name,
            partition=0,
            offset=len(self.records),
            key=key.encode(),
            value=msgspec.json.encode(body) if isinstance(body, dict) else body,
            headers=tuple(headers),
            timestamp_ms=int(came_at.timestamp() * 1_000),
        )
        self.records.append(record)
        return record

    def deliver(self, *events: tuple[str, Body]) -> None:
        """In one batch."""
        self.apply([self.append(event_type, body) for event_type, body in events])

    def apply(self, records: Sequence[Record]) -> None:
        self._consumer.apply(records)
