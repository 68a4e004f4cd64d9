"""One run at a time: real processes that are refused, killed, paused and cut off."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from chat_project.mongodb import collection
from chat_project.running_alone import Lease, RunsAlready, running_alone
from tests.faults.proxy import CuttingProxy
from tests.processes import Process, running
from tests.waiting import wait_until

SHORT_SECONDS = 1.5
LONG_SECONDS = 30.0
PATIENCE_SECONDS = 120.0


@pytest.fixture
def name() -> str:
    return f"lease-{uuid4().hex}"


class Runs:
    """Starts processes that hold the lease `name`, or are refused it."""

    def __init__(self, name: str, within: ExitStack) -> None:
        self._name = name
        self._within = within

    def start(self, seconds: float = LONG_SECONDS, **variables: str) -> Process:
        arguments = [sys.executable, "-m", "tests.api.stepping", self._name, str(seconds)]
        return self._within.enter_context(running(arguments, variables))

    def start_and_step(self, seconds: float = LONG_SECONDS, **variables: str) -> Process:
        process = self.start(seconds, **variables)
        wait_until(
            lambda: self.steps(process), f"it steps: {process.output()}", seconds=PATIENCE_SECONDS
        )
        return process

    def steps(self, process: Process) -> int:
        query = {"lease": self._name, "pid": process.popen.pid}
        return collection("steps").count_documents(query)


@pytest.fixture
def runs(name: str) -> Iterator[Runs]:
    with ExitStack() as within:
        yield Runs(name, within)
    collection("steps").delete_many({"lease": name})


def entry(name: str) -> Any:
    return collection("leases").find_one({"_id": name})


def is_over(name: str) -> bool:
    """By the clock that counts, MongoDB's."""
    query = {"_id": name, "$expr": {"$lte": ["$until", "$$NOW"]}}
    return collection("leases").find_one(query) is not None


def test_a_second_run_is_refused_and_told_of_the_first(runs: Runs, name: str) -> None:
    first = runs.start_and_step()

    second = runs.start()

    assert second.wait(PATIENCE_SECONDS) == os.EX_TEMPFAIL
    [line] = second.output().splitlines()
    assert line.startswith(f"{name} runs already, since 20")
    assert f"(process {first.popen.pid})" in line
    assert runs.steps(second) == 0
    assert first.stop() == 0


def test_a_run_that_ends_lets_the_next_one_begin(runs: Runs, name: str) -> None:
    assert runs.start_and_step().stop() == 0

    assert entry(name) is None
    assert runs.start_and_step().stop() == 0


def test_a_run_that_works_for_longer_than_its_lease_keeps_it(runs: Runs, name: str) -> None:
    first = runs.start_and_step(SHORT_SECONDS)
    until = entry(name)["until"]
    wait_until(lambda: entry(name)["until"] > until, "the lease is prolonged")
    wait_until(lambda: entry(name)["until"] > until, "and again")

    assert runs.start(SHORT_SECONDS).wait(PATIENCE_SECONDS) == os.EX_TEMPFAIL
    assert first.stop() == 0


def test_a_killed_run_keeps_others_away_until_its_lease_is_over(runs: Runs, name: str) -> None:
    runs.start_and_step().kill()
    assert runs.start().wait(PATIENCE_SECONDS) == os.EX_TEMPFAIL

    collection("leases").update_one({"_id": name}, [{"$set": {"until": "$$NOW"}}])

    assert runs.start_and_step().stop() == 0


def test_a_killed_runs_lease_ends_by_itself(runs: Runs, name: str) -> None:
    runs.start_and_step(SHORT_SECONDS).kill()

    wait_until(lambda: is_over(name), "the lease is over")

    assert runs.start_and_step().stop() == 0


def test_a_paused_run_that_lost_its_place_begins_no_further_step(runs: Runs, name: str) -> None:
    paused = runs.start_and_step(SHORT_SECONDS)
    paused.popen.send_signal(signal.SIGSTOP)
    wait_until(lambda: is_over(name), "the pause outlasts the lease")
    successor = runs.start_and_step(LONG_SECONDS)
    taken = runs.steps(paused)

    paused.popen.send_signal(signal.SIGCONT)

    assert paused.wait(PATIENCE_SECONDS) == os.EX_TEMPFAIL
    assert "another run has taken its place" in paused.output()
    assert runs.steps(paused) <= taken + 1  # the one that was under way
    assert successor.stop() == 0


def test_a_paused_run_whose_place_nobody_took_goes_on(runs: Runs, name: str) -> None:
    paused = runs.start_and_step(SHORT_SECONDS)
    paused.popen.send_signal(signal.SIGSTOP)
    wait_until(lambda: is_over(name), "the lease is over")
    taken = runs.steps(paused)

    paused.popen.send_signal(signal.SIGCONT)

    wait_until(lambda: runs.steps(paused) > taken, "it goes on", seconds=PATIENCE_SECONDS)
    assert paused.stop() == 0


def test_a_run_that_mongodb_no_longer_hears_ends(runs: Runs) -> None:
    port = urlsplit(os.environ["MONGODB_URI"]).port
    assert port
    proxy = CuttingProxy(port)
    address = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true&w=majority&journal=true"
    cut_off = runs.start_and_step(SHORT_SECONDS, MONGODB_URI=address)

    proxy.close()

    assert cut_off.wait(PATIENCE_SECONDS) == os.EX_TEMPFAIL
    assert "lost its place: MongoDB: " in cut_off.output()


def test_within_one_process_too(name: str) -> None:
    with running_alone(name), pytest.raises(RunsAlready), running_alone(name):
        pass

    assert entry(name) is None


def test_a_lease_is_given_back_by_its_holder_only(name: str) -> None:
    lost = Lease(name, LONG_SECONDS)
    lost.take()
    collection("leases").update_one({"_id": name}, [{"$set": {"until": "$$NOW"}}])
    with running_alone(name):
        lost.give_back()

        assert entry(name) is not None
