import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from django.test import Client

from chat_project import log_files, logs
from chat_project.log_files import DayFile
from tests.conftest import Api, MakeToken

LAST_SECOND_OF_THE_DAY = datetime(2025, 11, 7, 23, 59, 59, 999_000, UTC).timestamp()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Everything is logged into this folder, in the console's format too."""
    day_file = DayFile(tmp_path / "logs")
    monkeypatch.setattr(logs, "_day_file", day_file)
    logs.configure({"format": "console"})
    yield tmp_path / "logs"
    day_file.close()
    monkeypatch.undo()
    logs.configure({"format": "console"})


def written(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.glob("chat-service-*.log")))


def test_a_line_has_moment_level_text_and_pairs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    structlog.get_logger("x").warning("Tin nhắn", partition=3, reason="two words")

    [line] = written(folder).splitlines()
    assert line[23:] == ' [WARNING] Tin nhắn partition=3 reason="two words"'
    assert datetime.strptime(line[:23] + "+0000", "%Y-%m-%d %H:%M:%S.%f%z")
    assert capsys.readouterr().err.splitlines() == [line]


def test_lines_of_the_standard_library_look_the_same(folder: Path) -> None:
    logging.getLogger("any.library").error("lost %d of %s", 3, "many")

    assert written(folder)[23:] == " [ERROR] lost 3 of many\n"


def test_a_traceback_stands_below_its_line(folder: Path) -> None:
    try:
        raise ValueError("the reason")
    except ValueError:
        logging.getLogger("x").exception("failed")

    first, *below = written(folder).splitlines()
    assert first.endswith("[ERROR] failed")
    assert below[0].startswith("Traceback")
    assert below[-1] == "ValueError: the reason"


def test_json_on_the_console_leaves_the_file_as_plain_text(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure({"format": "json"})

    logging.getLogger("x").info("hello")

    entry = json.loads(capsys.readouterr().err)
    assert (entry["event"], entry["level"]) == ("hello", "info")
    assert written(folder).endswith("[INFO] hello\n")


def test_a_line_carries_the_request_id_in_a_request_only(folder: Path) -> None:
    logging.getLogger("x").info("before")
    Client(raise_request_exception=False).get(
        "/api/v1/probe/crash", headers={"X-Request-ID": "order-66"}
    )

    before, crash, *_ = written(folder).splitlines()
    assert "request_id" not in before
    assert crash.endswith("request_id=order-66")


@pytest.mark.parametrize("log_format", ["console", "json"])
@pytest.mark.parametrize(
    "shape",
    ["Bearer {}", "/hubs/chat?access_token={}&x=1", "{{'Authorization': 'Bearer {}'}}", "{}"],
)
def test_no_token_gets_into_a_log(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    tokens: MakeToken,
    shape: str,
    log_format: str,
) -> None:
    logs.configure({"format": log_format})
    token = tokens("user-1", "school-1")

    logging.getLogger("x").info(shape.format(token))
    structlog.get_logger("x").info("seen", value=shape.format(token))
    try:
        raise ValueError(shape.format(token))
    except ValueError:
        logging.getLogger("x").exception("failed")

    for output in (written(folder), capsys.readouterr().err):
        assert token not in output
        assert token.split(".")[1] not in output
        assert output.count("[token]") >= 3


def test_a_crashing_request_logs_no_token(folder: Path, api: Callable[..., Api]) -> None:
    signed_in = api()
    signed_in.client.raise_request_exception = False
    token = signed_in.token

    signed_in.client.get("/api/v1/probe/crash", {"access_token": token})
    signed_in.client.get("/api/v1/probe/unwritable", {"access_token": token})
    signed_in.client.get("/api/v1/nothing", {"access_token": token})

    assert "crash" in written(folder)
    assert token.split(".")[2] not in written(folder)


def test_many_lines_are_one_write_for_each_output(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    writes: list[bytes] = []
    monkeypatch.setattr(log_files.os, "write", lambda _, data: writes.append(data))

    logs.write_lines(
        logging.INFO, [f"Successfully processed message {n} in 45ms" for n in range(3)]
    )

    assert len(writes) == 1
    lines = writes[0].decode().splitlines()
    assert [line[23:] for line in lines] == [
        f" [INFO] Successfully processed message {n} in 45ms" for n in range(3)
    ]
    assert capsys.readouterr().err.splitlines() == lines


def test_lines_below_the_level_are_not_written(folder: Path) -> None:
    logs.write_lines(logging.DEBUG, ["x"])
    logs.write_lines(logging.INFO, [])
    logging.getLogger("x").debug("x")

    assert written(folder) == ""


def test_the_first_line_of_a_utc_day_begins_a_new_file(tmp_path: Path) -> None:
    file = DayFile(tmp_path)
    file.write("old\n", LAST_SECOND_OF_THE_DAY)
    file.write("new\n", LAST_SECOND_OF_THE_DAY + 0.001)
    file.close()

    assert (tmp_path / "chat-service-20251107.log").read_text() == "old\n"
    assert (tmp_path / "chat-service-20251108.log").read_text() == "new\n"


def test_two_processes_append_to_the_same_file(tmp_path: Path) -> None:
    for text in ("one\n", "two\n", "three\n"):
        file = DayFile(tmp_path)
        file.write(text, LAST_SECOND_OF_THE_DAY)
        file.close()

    assert (tmp_path / "chat-service-20251107.log").read_text() == "one\ntwo\nthree\n"


def test_a_folder_that_cannot_be_written_is_one_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    file = DayFile(blocked / "logs")

    file.write("a\n", LAST_SECOND_OF_THE_DAY)
    file.write("b\n", LAST_SECOND_OF_THE_DAY)

    warnings = capsys.readouterr().err.splitlines()
    assert len(warnings) == 1
    assert "[WARNING] No log file," in warnings[0]
    assert str(blocked) in warnings[0]


def test_text_that_is_no_utf8_does_not_stop_the_log(tmp_path: Path) -> None:
    file = DayFile(tmp_path)
    file.write("half \ud800\n", LAST_SECOND_OF_THE_DAY)
    file.close()

    assert (tmp_path / "chat-service-20251107.log").read_text() == "half \\ud800\n"
