"""`python -m bench.sink`: our consumer beside Kafka Connect with the official MongoDB sink.

Same topic, same mongod, one run; both are measured from the first sixth of the messages on, so that
both are warm. The sink only stores. We also number, keep three indexes, update conversations,
refresh the cache and publish.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import uuid4

from bench import report
from bench.pipeline import produce
from bench.report import Bar, Measured
from bench.stage import Consumer, Document, Stage, running_stack, server_pids
from bench.usage import CpuMeter, Pids, peak_rss_mib
from bench.waiting import BenchFailed, reach, say
from consumers.arguments import whole_number
from devstack import Stack, StackError, java, ports
from devstack.instance import ROOT

MESSAGES, ROOMS = 600_000, 1_000
WARM_UP_SHARE = 6
MOST_SECONDS = 600.0
LOOK_SECONDS = 0.05

POM = Path(__file__).with_name("connect") / "pom.xml"
JARS = ROOT / "connect-jars"
LOG_SETTINGS = Path(java.__file__).with_name("log4j2.properties")
STRATEGY = "com.mongodb.kafka.connect.sink.writemodel.strategy."

RATE, CPU, RSS = "messages/s", "CPU ms/1,000: ", "RSS MiB: "
BOTH = f"{CPU}worker and mongod"
REPLACE, INSERT = "ReplaceOneDefaultStrategy", "InsertOneDefaultStrategy"


class Subject(NamedTuple):
    """Who stores: `strategy` None is our consumer, in `workers` processes; else the sink's tasks."""

    name: str
    workers: int
    strategy: str | None = None


SUBJECTS = [
    Subject("one consumer", 1),
    Subject("one task, replace (idempotent)", 1, REPLACE),
    Subject("one task, insert", 1, INSERT),
    Subject("two consumers", 2),
    Subject("two tasks, replace (idempotent)", 2, REPLACE),
]
RATIOS = (("one consumer", 1), ("two consumers", 4))
"""Our subjects with the index of the idempotent one that each is compared with."""
OF_THE_SINK = ": of the sink's"
BARS = [
    Bar("one consumer", RATE + OF_THE_SINK, at_least=1.0),
    Bar("two consumers", RATE + OF_THE_SINK, at_least=0.8),
    Bar("one consumer", BOTH + OF_THE_SINK, at_most=1.2),
    Bar("one consumer", f"{RSS}worker" + OF_THE_SINK, at_most=1 / 3),
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 measured (bars that are missed are told), 1 refused or failed, 2 arguments."""
    options = _parser().parse_args(arguments)
    try:
        with running_stack("bench-sink") as stack, TemporaryDirectory() as folder:
            measured = list(_run(stack, Path(folder), options.rounds, options.messages))
    except (BenchFailed, StackError) as error:
        say(f"error: {error}")
        return 1
    command = f"python -m bench.sink --rounds {options.rounds}"
    report.finish(measured, BARS, options, command=command, drawn=[RATE, BOTH])
    return 0


def _run(stack: Stack, folder: Path, rounds: int, messages: int) -> Iterator[Measured]:
    stage = Stage(stack.env(), folder)
    rooms = stage.prepare(ROOMS)
    produce(stage, rooms, messages)
    for number in range(1, rounds + 1):
        figures = {}
        for subject in SUBJECTS:
            trial = Stage(stack.env(), folder, topics_of=stage)
            try:
                figures[subject.name] = _trial(trial, subject, stack, rooms, messages)
            finally:
                trial.close()
            say(f"{subject.name}, round {number}: {figures[subject.name][RATE]:,.0f} messages/s")
        for ours, theirs in RATIOS:
            figures[ours] |= _ratios(figures[ours], figures[SUBJECTS[theirs].name])
        yield from (Measured(name, each) for name, each in figures.items())
    stage.close()


def _ratios(ours: Mapping[str, float], theirs: Mapping[str, float]) -> dict[str, float]:
    return {
        f"{name}{OF_THE_SINK}": ours[name] / theirs[name] for name in (RATE, BOTH, f"{RSS}worker")
    }


def _trial(
    trial: Stage, subject: Subject, stack: Stack, rooms: list[str], messages: int
) -> dict[str, float]:
    if subject.strategy is None:
        trial.found(rooms)
    with _working(trial, subject) as running:
        stored = trial.messages.estimated_document_count
        pids: Pids = {"worker": [each.pid for each in running], **server_pids(stack)}
        first = _reach(stored, messages // WARM_UP_SHARE, running)
        began, meter = time.monotonic(), CpuMeter(pids)
        _reach(stored, messages, running)
        seconds, used = time.monotonic() - began, meter.seconds()
        peak = peak_rss_mib(pids)
    if subject.strategy is None:
        trial.check_stored(messages)
    elif (found := trial.messages.count_documents({})) != messages:
        raise BenchFailed(f"the sink stored {found:,} of {messages:,}")
    handled = messages - first
    cpu = {name: used[name] / handled * 1e6 for name in used}
    return {
        RATE: handled / seconds,
        BOTH: cpu["worker"] + cpu["mongod"],
        **{f"{CPU}{name}": value for name, value in cpu.items()},
        **{f"{RSS}{name}": value for name, value in peak.items()},
    }


@contextmanager
def _working(trial: Stage, subject: Subject) -> Iterator[list[Consumer]]:
    if subject.strategy is None:
        running = [
            trial.consumer(
                f"{trial.group_id}-{number}", METRICS_PORT=str(ports.free_port(taken=()))
            )
            for number in range(subject.workers)
        ]
    else:
        command = _connect(trial, subject.strategy, tasks=subject.workers)
        running = [trial.consumer(trial.group_id, command=command)]
    try:
        yield running
    finally:
        for each in running:
            each.stop()


def _connect(trial: Stage, strategy: str, *, tasks: int) -> list[str]:
    """Kafka Connect's standalone worker with one connector."""
    name = f"sink-{uuid4().hex[:8]}"
    worker = _properties(
        trial.folder / f"{name}-worker.properties",
        {
            "bootstrap.servers": trial.kafka["bootstrap.servers"],
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter.schemas.enable": "false",
            "plugin.discovery": "only_scan",
            "offset.storage.file.filename": trial.folder / f"{name}.offsets",
            "offset.flush.interval.ms": 10_000,
            "listeners": f"http://127.0.0.1:{ports.free_port(taken=())}",
        },
    )
    sink = _properties(
        trial.folder / f"{name}-sink.properties",
        {
            "name": name,
            "connector.class": "com.mongodb.kafka.connect.MongoSinkConnector",
            "tasks.max": tasks,
            "topics": trial.topic,
            "connection.uri": trial.servers["MONGODB_URI"],
            "database": trial.environment["MONGODB_DATABASE"],
            "collection": "messages",
            "writemodel.strategy": f"{STRATEGY}{strategy}",
            "document.id.strategy": "com.mongodb.kafka.connect.sink.processor.id.strategy"
            ".ProvidedInValueStrategy",
            "document.id.strategy.overwrite.existing": "true",
            "transforms": "rename",
            "transforms.rename.type": "org.apache.kafka.connect.transforms.ReplaceField$Value",
            "transforms.rename.renames": "messageId:_id",
            "bulk.write.ordered": "false",
            "max.batch.size": 0,
            "consumer.override.max.poll.records": 2_000,
        },
    )
    return [
        *(str(java.runtime()), "-Xmx1g", "-XX:+UseSerialGC"),
        f"-Dlog4j2.configurationFile={LOG_SETTINGS}",
        *("-cp", f"{java.jars_of(POM, JARS, 'the jars of Kafka Connect and its MongoDB sink')}/*"),
        "org.apache.kafka.connect.cli.ConnectStandalone",
        *(str(worker), str(sink)),
    ]


def _properties(path: Path, settings: Document) -> Path:
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return path


_reach = partial(reach, seconds=MOST_SECONDS, every_seconds=LOOK_SECONDS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.sink",
        description="Measures our consumer beside Kafka Connect with the official MongoDB sink."
        " Exit 1: something failed, or what is stored is not what was produced.",
    )
    report.add_options(parser)
    parser.add_argument(
        "--messages", type=whole_number(6_000, 10_000_000), default=MESSAGES, help="(%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
