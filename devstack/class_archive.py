"""The JVM's archive of Kafka's classes, made before several brokers start at the same time."""

import uuid

from devstack import java, kafka
from devstack.instance import CLASS_ARCHIVE, locked
from devstack.progress import report
from devstack.stack import Stack


def make_class_archive() -> None:
    """Unless it is there, by a broker's start and stop, some 15 s; waits for another process that
    makes it. Raises StackError."""
    with locked(CLASS_ARCHIVE):
        java.kafka_jars()
        if kafka.class_archive().exists():
            return
        report("making the archive of Kafka's classes (once)")
        stack = Stack(f"archive-{uuid.uuid4().hex[:8]}")
        try:
            broker = stack.service("kafka-1")
            broker.start()
            broker.stop()
        finally:
            stack.reset()
