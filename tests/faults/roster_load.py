"""Events of the roster in a round: few students and classes of two schools, in no order.

Keys are thrown with dice, so an older event may lie in a partition that is read later.
"""

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import confluent_kafka as kafka

from chat_project.kafka_logs import kafka_logger
from tests.faults.load import FLUSH_SECONDS, PARTITIONS, Coordinates

Told = tuple[str, dict[str, Any]]
"""An event's type and body."""

TENANTS = ("school-0", "school-1")
STUDENTS, CLASSES, TEACHERS, PARENTS = 10, 3, 5, 12
SECONDS = 100_000
"""Within which the events happen."""
BEGIN = datetime(2025, 9, 5, 7, tzinfo=UTC)
WEIGHTS = {"created": 8, "enrolled": 4, "assigned": 5, "unassigned": 2, "moved": 3}


class RosterLoad:
    """Produces to one topic. `told` are the good events, `poison` where the others lie."""

    def __init__(self, dice: random.Random, connection: Mapping[str, str], topic: str) -> None:
        self.told: list[Told] = []
        self.acknowledged: set[Coordinates] = set()
        self.poison: set[Coordinates] = set()
        self._dice, self._topic = dice, topic
        self._failures: list[str] = []
        self._producer = kafka.Producer(
            {**connection, "enable.idempotence": True, "linger.ms": 2}, logger=kafka_logger
        )

    def send(self, count: int) -> None:
        """New events, some of them twice, and now and then poison; acknowledged when it returns."""
        for _ in range(count):
            told = any_event(self._dice)
            self.told.append(told)
            self._produce(*told)
            if self._dice.random() < 0.1:
                self._produce(*self._dice.choice(self.told))
            if self._dice.random() < 0.05:
                self._produce(told[0], {**told[1], "tenantId": None}, is_poison=True)
        self.flush()

    def repeat(self) -> None:
        """All that was sent, once more, in another order."""
        again = list(self.told)
        self._dice.shuffle(again)
        for told in again:
            self._produce(*told)
        self.flush()

    def flush(self) -> None:
        assert self._producer.flush(FLUSH_SECONDS) == 0, "Kafka did not acknowledge the roster"
        assert self._failures == []

    def _produce(self, event_type: str, body: dict[str, Any], *, is_poison: bool = False) -> None:
        def on_delivery(error: kafka.KafkaError | None, record: "kafka.Message[Any, Any]") -> None:
            if error is not None:
                self._failures.append(str(error))
                return
            place = (record.partition() or 0, record.offset() or 0)
            self.acknowledged.add(place)
            if is_poison:
                self.poison.add(place)

        self._producer.produce(
            self._topic,
            json.dumps(body).encode(),
            f"key-{self._dice.randrange(100)}",
            partition=self._dice.randrange(PARTITIONS),
            headers=[("event-type", event_type.encode())],
            on_delivery=on_delivery,
        )
        self._producer.poll(0)


def any_event(dice: random.Random, tenants: tuple[str, ...] = TENANTS) -> Told:
    """Of a moment that no other event has, nearly certainly."""
    moment = BEGIN + timedelta(milliseconds=dice.randrange(SECONDS * 1_000))
    body: dict[str, Any] = {
        "id": str(UUID(int=dice.getrandbits(128), version=4)),
        "occurredOn": moment.isoformat(timespec="milliseconds"),
        "tenantId": dice.choice(tenants),
    }
    student, school_class = f"s-{dice.randrange(STUDENTS)}", f"c-{dice.randrange(CLASSES)}"
    teacher = f"t-{dice.randrange(TEACHERS)}"
    [kind] = dice.choices(list(WEIGHTS), WEIGHTS.values())
    match kind:
        case "created":
            numbers = dice.sample(range(PARENTS), dice.randrange(3))
            parents = [_parent(dice, number) for number in numbers]
            body |= {"studentId": student, "classId": school_class, "parents": parents}
            body["studentName"] = f"Student {dice.randrange(1_000)}"
            return "StudentCreatedIntegrationEvent", body
        case "enrolled":
            return "ParentEnrolledIntegrationEvent", body | {
                "studentId": student,
                **_parent(dice, dice.randrange(PARENTS)),
            }
        case "assigned":
            body |= {"classId": school_class, "teacherId": teacher}
            body |= {"teacherName": f"Teacher {dice.randrange(1_000)}", "isHeadTeacher": False}
            return "TeacherAssignedIntegrationEvent", body
        case "unassigned":
            body |= {"classId": school_class, "teacherId": teacher}
            return "TeacherUnassignedIntegrationEvent", body
    return "StudentClassChangedIntegrationEvent", body | {
        "studentId": student,
        "classId": school_class,
    }


def _parent(dice: random.Random, number: int) -> dict[str, str]:
    return {"parentId": f"p-{number}", "parentName": f"Parent {dice.randrange(1_000)}"}
