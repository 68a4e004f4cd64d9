"""Every command of the project while all servers are there, and while each is away."""

import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest

from chat_project.mongodb import client
from tests.command_calls import (
    CONVERSATION,
    LASTING,
    NEW_DATABASE,
    NEW_FOLDER,
    REPLACED,
    ROSTER,
    TENANT,
    USER,
    Call,
    ending_calls,
)
from tests.consumers.pipelines import Pipeline
from tests.forked import Ended, commands
from tests.history.replaced import ADMIN, Replaced
from tests.processes import Process, manage, running
from tests.waiting import wait_until

AWAY = {
    "Kafka": {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"},
    "MongoDB": {"MONGODB_URI": "mongodb://127.0.0.1:9/?replicaSet=rs0"},
    "Redis": {"REDIS_URL": "redis://127.0.0.1:9/0"},
}
WORKS_WITHOUT: Mapping[str, set[str]] = {
    "Kafka": {
        *("create_indexes", "dead_letters list", "erase_person", "export_conversation"),
        *("export_person", "import_history", "issue_token", "make_staff"),
        *("rebuild_search", "retention", "seed_demo"),
    },
    "MongoDB": {"consumer_lag", "create_topics", "issue_token", "replay"},
}
"""Calls that do their work without it; all others must tell. Without Redis each does."""
ROWS = dict.fromkeys(("erase_person", "purge_messages", "rebuild"), "removal")
"""Commands that keep each other away, as the runs of each one do."""
AT_ONCE = 12
END_SECONDS = 180.0


class World(NamedTuple):
    """`variables` of the environment; `there`: what stands for what in a call."""

    variables: Mapping[str, str]
    there: Mapping[str, str]
    folder: Path

    def call(self, name: str, arguments: Sequence[str]) -> list[str]:
        number = uuid4().hex[:8]
        new = {
            NEW_DATABASE: f"new_{number}_{os.environ['MONGODB_DATABASE']}",
            NEW_FOLDER: str(self.folder / number),
        }
        return [name, *({**new, **self.there}.get(each, each) for each in arguments)]


def own_variables(pipeline: Pipeline) -> dict[str, str]:
    """Also a database of its own."""
    own = f"{uuid4().hex[:8]}_{os.environ['MONGODB_DATABASE']}"
    return {
        **pipeline.variables,
        "MONGODB_DATABASE": own,
        "HISTORY_MONGODB_URI": os.environ["MONGODB_URI"],
    }


@pytest.fixture(scope="module")
def world(database: None, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Topics and a database of its own, with two schools, a clerk, a dead letter and a group that
    has committed."""
    pipeline = Pipeline()
    variables = own_variables(pipeline)
    pipeline.send("a-conversation-that-there-is-not")
    with commands(variables) as here:
        here.done("consume_messages", "--drain")
        here.done("migrate")
        seeded = here.done("seed_demo", "--json")
        here.done(
            *("make_staff", "--user", "clerk", "--tenant", "school-1", "--password-stdin"),
            said="an-uncommon-password-7\n",
        )
    [told] = [line for line in seeded.splitlines() if line.startswith("{")]
    [school, *_] = json.loads(told)["tenants"]
    replaced = f"replaced_{variables['MONGODB_DATABASE']}"
    people = Replaced(client()[replaced])
    people.conversation(str(uuid4()), [people.person(str(uuid4()), "Mai", role=ADMIN)])
    folder = tmp_path_factory.mktemp("commands")
    roster = folder / "roster.csv"
    roster.write_text("sourcedId,givenName,familyName,role\np-1,Lan,Hoàng,parent\n")
    there = {
        CONVERSATION: school["conversations"][0]["conversationId"],
        TENANT: school["tenantId"],
        USER: school["users"][0]["userId"],
        REPLACED: replaced,
        ROSTER: str(roster),
    }
    return World(variables, there, folder)


def test_each_works_or_says_which_server_is_away(world: World) -> None:
    """All in one test: many wait for Kafka beside each other, and in one process of pytest."""
    with ExitStack() as within:
        without = {
            server: within.enter_context(commands({**world.variables, **AWAY[server]}))
            for server in ("Kafka", "MongoDB")
        }

        def wrong_in(row: Sequence[Run]) -> list[object]:
            ended = [(each, without[each.server].run(*world.call(*each.call))) for each in row]
            return [each for each in ended if not is_as_told(*each)]

        pool = within.enter_context(ThreadPoolExecutor(AT_ONCE))
        wrong = [each for found in pool.map(wrong_in, rows()) for each in found]

    assert wrong == []


class Run(NamedTuple):
    """A call while the server is away."""

    server: str
    call: Call


def rows() -> list[list[Run]]:
    """Runs of which one at a time may work, as leases are in MongoDB; the longest rows first."""
    made: dict[str, list[Run]] = defaultdict(list)
    for call in ending_calls():
        name, _ = call
        made[ROWS.get(name, name)].append(Run("Kafka", call))
        made[f"{name} without MongoDB"].append(Run("MongoDB", call))
    return sorted(made.values(), key=len, reverse=True)


def is_as_told(run: Run, ended: Ended) -> bool:
    name, arguments = run.call
    if "Traceback" in ended.output:
        return False
    if {name, " ".join([name, *arguments[:1]])} & WORKS_WITHOUT[run.server]:
        return ended.code == 0
    [setting] = AWAY[run.server]
    return ended.code in (1, 2) and setting in ended.output


@pytest.mark.parametrize("away", [{}, AWAY["Redis"]], ids=["all there", "without Redis"])
def test_each_works(away: Mapping[str, str], world: World) -> None:
    """Without a terminal; what needs arguments has them in CALLS."""
    with commands({**world.variables, **away}) as here:
        ended = [
            (name, arguments, here.run(*world.call(name, arguments)))
            for name, arguments in ending_calls()
        ]

    assert [each for each in ended if each[2].code or "Traceback" in each[2].output] == []


@pytest.mark.parametrize(("name", "arguments"), LASTING)
@pytest.mark.parametrize("server", AWAY)
def test_what_lasts_waits_for_its_servers_and_can_be_stopped(
    name: str, arguments: Sequence[str], server: str, database: None
) -> None:
    variables = own_variables(Pipeline())
    seen = {
        "Kafka": "127.0.0.1:9",
        "MongoDB": "Trying again in 0.1 s: MongoDB: 127.0.0.1:9",
        "Redis": "Metrics at",
    }[server]
    with running(manage(name, *arguments), {**variables, **AWAY[server]}) as process:
        wait_until(lambda: says(process, seen), f"{name} tells of {server}", seconds=END_SECONDS)

        process.popen.terminate()
        assert process.wait(END_SECONDS) == 0, process.output()
        assert "Traceback" not in process.output()


def says(process: Process, text: str) -> bool:
    assert process.popen.poll() is None, process.output()
    return text in process.output()
