"""Apache Kafka in KRaft mode: each node is broker and controller."""

import hashlib
import os
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from typing_extensions import override

from devstack import java
from devstack.instance import Instance
from devstack.ports import HOST, answers
from devstack.service import Service

LOG_SETTINGS = Path(__file__).with_name("log4j2.properties")

JVM_OPTIONS = "-Xmx256m -XX:TieredStopAtLevel=1"
"""The first compiler only: it starts faster. A benchmark takes both, by DEVSTACK_KAFKA_OPTIONS."""

FORMAT_AND_RUN = (
    '"$1" -cp "$2" kafka.tools.StorageTool format -t "$3" -c "$4" && shift 4 && exec "$@"'
)


class KafkaNode(Service):
    def __init__(self, instance: Instance, name: str) -> None:
        super().__init__(instance, name)
        self.number = int(name.removeprefix("kafka-"))
        self._settings = instance.folder / f"{name}.properties"
        self._new_archive = instance.folder / f"{name}.jsa"

    @property
    @override
    def stop_seconds(self) -> float:
        """The first stop also writes the class archive. The last of three nodes has no quorum left
        to sign off with and would wait for minutes: it is killed, its data is safe in files."""
        return 10.0 if class_archive().exists() else 40.0

    @property
    @override
    def listeners(self) -> list[int]:
        return [self.port, self.instance.ports[f"{self.name}-controller"]]

    @override
    def command(self) -> list[str]:
        runtime, jars = java.runtime(), java.kafka_jars()
        class_path = f"{jars}/*"
        lines = [f"{name}={value}" for name, value in self._server_settings().items()]
        self._settings.write_text("\n".join(lines) + "\n")
        run = [
            str(runtime),
            *("-XX:+UseSerialGC", *os.environ.get("DEVSTACK_KAFKA_OPTIONS", JVM_OPTIONS).split()),
            self._class_archive_option(),
            f"-Dlog4j2.configurationFile={LOG_SETTINGS}",
            *("-cp", class_path, "kafka.Kafka", str(self._settings)),
        ]
        if (self.data / "meta.properties").exists():
            return run
        cluster_id = self.instance.cluster_id
        head = [str(runtime), class_path, cluster_id, str(self._settings)]
        return ["/bin/sh", "-c", FORMAT_AND_RUN, "sh", *head, *run]

    @override
    def is_healthy(self) -> bool:
        """Its metadata answers, names a controller, and has this node among the brokers."""
        if not answers(self.port):
            return False
        client = AdminClient({"bootstrap.servers": f"{HOST}:{self.port}", "log_level": 0})
        try:
            metadata = client.list_topics(timeout=0.8)
        except KafkaException:
            return False
        return metadata.controller_id >= 0 and self.number in metadata.brokers

    @override
    def finish_stop(self) -> None:
        process = self.process
        ended_in_order = process is not None and process.ended_within(self.stop_seconds)
        super().finish_stop()
        if ended_in_order and self._new_archive.exists():
            self._new_archive.replace(class_archive())
        self._new_archive.unlink(missing_ok=True)

    def _class_archive_option(self) -> str:
        if class_archive().exists():
            return f"-XX:SharedArchiveFile={class_archive()}"
        return f"-XX:ArchiveClassesAtExit={self._new_archive}"

    def _server_settings(self) -> dict[str, object]:
        ports = self.instance.ports
        names = self.instance.broker_names
        voters = [f"{name[6:]}@{HOST}:{ports[name + '-controller']}" for name in names]
        replicas = len(names)
        return {
            "process.roles": "broker,controller",
            "node.id": self.number,
            "controller.quorum.voters": ",".join(voters),
            "listeners": f"PLAINTEXT://{HOST}:{self.port},"
            f"CONTROLLER://{HOST}:{ports[self.name + '-controller']}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self.port}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": self.data,
            "default.replication.factor": replicas,
            "min.insync.replicas": min(2, replicas),
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": min(2, replicas),
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": min(2, replicas),
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": 0,
            # Short sessions let fault tests end in seconds.
            "group.min.session.timeout.ms": 2000,
            "group.consumer.min.session.timeout.ms": 2000,
            "group.consumer.session.timeout.ms": 6000,
            "group.consumer.min.heartbeat.interval.ms": 1000,
            "group.consumer.heartbeat.interval.ms": 1000,
            "log.cleaner.dedupe.buffer.size": 4194304,  # saves 120 MB of memory
        }


def class_archive() -> Path:
    """The JVM's archive of loaded classes: a start takes 1 to 2 s with it, else 3 to 8.

    A runtime refuses another one's archive and goes on without, so each has its own.
    """
    runtime = hashlib.sha256(str(java.runtime().resolve()).encode()).hexdigest()[:12]
    return java.JARS / f"kafka-{runtime}.jsa"
