"""One server at a time, by the ones that start fastest."""

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack import Service, Stack, StackError, State, instance
from devstack import stack as stack_module
from devstack.ports import HOST
from devstack.process import birth_of


@pytest.fixture
def redis(idle_stack: Stack) -> Service:
    return idle_stack.service("redis")


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_a_taken_port_is_named_with_its_owner(redis: Service) -> None:
    with socket.socket() as listener:
        listener.bind((HOST, redis.port))
        listener.listen()

        with pytest.raises(StackError, match=rf"port {redis.port} of redis is already taken by .+"):
            redis.start()


def test_a_service_that_dies_while_starting_shows_its_log(idle_stack: Stack) -> None:
    mongodb = idle_stack.service("mongodb")
    (mongodb.data / "mongod.lock").mkdir(parents=True)  # mongod cannot open it

    with pytest.raises(
        StackError, match=r"mongodb died(.|\n)+mongod\.lock(.|\n)+Its log: "
    ) as error:
        mongodb.start()

    assert str(mongodb.log) in str(error.value)
    assert mongodb.status().state is State.DIED


def test_a_killed_service_counts_as_died_and_starts_again(redis: Service) -> None:
    redis.start()
    redis.kill()
    assert redis.status().state is State.DIED

    redis.start()
    assert redis.status().state is State.UP


def test_a_paused_service_can_be_resumed(redis: Service) -> None:
    redis.start()
    redis.pause()
    assert redis.status().state is State.PAUSED

    redis.resume()
    assert redis.status().state is State.UP


def test_a_paused_service_can_be_stopped(redis: Service) -> None:
    redis.start()
    redis.pause()

    redis.stop()

    assert redis.status().state is State.DOWN


def test_starting_twice_leaves_the_first_process_alone(redis: Service) -> None:
    redis.start()
    first = redis.process

    redis.start()

    assert first is not None
    assert redis.process == first


def test_down_does_not_end_a_stranger_that_got_the_same_pid(
    idle_stack: Stack, redis: Service, stranger: subprocess.Popen[bytes]
) -> None:
    redis.start()
    redis.kill()
    _write_record(idle_stack, "redis", pid=stranger.pid, birth="an earlier boot:12345")

    idle_stack.down()

    assert stranger.poll() is None
    assert redis.status().state is State.DOWN


def test_down_ends_a_process_whose_record_fits(
    idle_stack: Stack, redis: Service, stranger: subprocess.Popen[bytes]
) -> None:
    birth = birth_of(stranger.pid)
    assert birth is not None
    _write_record(idle_stack, "redis", pid=stranger.pid, birth=birth)

    idle_stack.down()

    assert stranger.wait(timeout=5) != 0


def test_a_full_disk_is_said_before_anything_starts(
    idle_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_module, "LEAST_FREE_BYTES", 1 << 60)

    with pytest.raises(StackError, match=r"MiB are free for .+\.devstack"):
        idle_stack.up()

    assert not idle_stack.is_running


def test_an_unknown_service_is_answered_with_the_known_ones(idle_stack: Stack) -> None:
    with pytest.raises(StackError, match="it has kafka-1, mongodb, redis"):
        idle_stack.service("kafka-2")


def _write_record(stack: Stack, service: str, *, pid: int, birth: str) -> Path:
    path = instance.folder_of(stack.name) / "run" / f"{service}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"pid": pid, "birth": birth}))
    return path
