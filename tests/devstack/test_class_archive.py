"""What a broker's first stop leaves for the starts to come."""

from pathlib import Path

import pytest

from devstack import instance, kafka
from devstack.class_archive import make_class_archive
from devstack.kafka import KafkaNode


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "kafka.jsa"
    monkeypatch.setattr(kafka, "class_archive", lambda: path)
    return path


def test_it_is_made_once_and_the_broker_is_gone(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, KafkaNode]] = []
    monkeypatch.setattr(KafkaNode, "start", lambda node: done.append(("start", node)))

    def stop(node: KafkaNode) -> None:
        done.append(("stop", node))
        archive.touch()

    monkeypatch.setattr(KafkaNode, "stop", stop)

    make_class_archive()
    make_class_archive()

    assert [step for step, _ in done] == ["start", "stop"]
    assert not done[0][1].instance.folder.exists()


def test_no_instance_has_the_name_of_its_lock() -> None:
    assert instance.CLASS_ARCHIVE in instance.RESERVED_NAMES
