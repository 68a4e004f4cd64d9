import uuid
from threading import Thread
from uuid import UUID

import pytest

from devstack import Stack, StackError, instance


def _ports(stack: Stack) -> set[int]:
    stack.env()  # makes the instance, starts nothing
    made = instance.load(stack.name)
    assert made is not None
    return set(made.ports.values())


@pytest.mark.parametrize("name", ["", "jars", "Upper", "../up", "-x", "x" * 41, "a b"])
def test_a_name_that_is_no_folder_of_its_own_is_refused(name: str) -> None:
    with pytest.raises(StackError, match="is no instance name"):
        Stack(name)


def test_two_instances_have_no_port_in_common(idle_stack: Stack) -> None:
    other = Stack(f"{idle_stack.name}-b", brokers=3, mongodb_members=3)
    try:
        assert not _ports(idle_stack) & _ports(other)
        assert not _ports(other) & set(instance.DEFAULT_PORTS.values())
    finally:
        other.reset()


def test_an_instance_remembers_its_ports(idle_stack: Stack) -> None:
    assert _ports(idle_stack) == _ports(Stack(idle_stack.name))


def test_the_default_instance_has_the_ports_of_the_contract(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(instance, "ROOT", tmp_path_factory.mktemp("root"))

    made = instance.load_or_create("default", brokers=3, mongodb_members=None)

    assert (made.ports["kafka-1"], made.ports["mongodb"], made.ports["redis"]) == (
        9092,
        27017,
        6379,
    )
    assert len(set(made.ports.values())) == 8


def test_a_cluster_id_never_looks_like_an_option(
    idle_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    hyphen, plain = UUID(bytes=b"\xf8" + bytes(15)), UUID(int=0)
    monkeypatch.setattr(uuid, "uuid4", iter([hyphen, plain]).__next__)

    idle_stack.env()  # makes the instance

    made = instance.load(idle_stack.name)
    assert made is not None
    assert made.cluster_id == "A" * 22


def test_the_number_of_brokers_can_change_while_there_is_no_data(idle_stack: Stack) -> None:
    assert idle_stack.env()["KAFKA_BOOTSTRAP_SERVERS"].count(",") == 0

    three = Stack(idle_stack.name, brokers=3)

    assert three.env()["KAFKA_BOOTSTRAP_SERVERS"].count(",") == 2


def test_the_number_of_brokers_of_existing_data_cannot_change(idle_stack: Stack) -> None:
    idle_stack.env()
    (instance.folder_of(idle_stack.name) / "data").mkdir()

    with pytest.raises(StackError, match=f"devstack reset --name {idle_stack.name}"):
        Stack(idle_stack.name, brokers=3).env()


def test_reset_forgets_the_instance(idle_stack: Stack) -> None:
    idle_stack.env()

    idle_stack.reset()

    assert instance.load(idle_stack.name) is None
    assert not list(instance.ROOT.glob(f"{idle_stack.name}*"))


def test_a_waiter_for_a_deleted_lock_takes_the_new_one(idle_stack: Stack) -> None:
    inside: list[str] = []

    def enter(who: str) -> None:
        with instance.locked(idle_stack.name):
            inside.append(who)

    with instance.locked(idle_stack.name):
        waiter = Thread(target=enter, args=("waiter",))
        waiter.start()
        instance.delete(idle_stack.name)
    waiter.join(timeout=10)

    assert inside == ["waiter"]
    assert (instance.ROOT / f"{idle_stack.name}.lock").exists()
