"""docs/api.md: every endpoint is there, and every request on the page answers what the page shows."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from chat_project.settings.environment import BASE_DIR
from tests.endpoints import Endpoint, all_endpoints, endpoint_of
from tests.product import Product, command_output

PAGE = (BASE_DIR / "docs" / "api.md").read_text()

PAGE_SECONDS = 120
ANY = "…"

PRELUDE = r"""
set -euo pipefail
curl() { command curl --write-out '%{stderr}CALL %{http_code} %{method} %{url_effective}\n' "$@"; }
"""
END_OF_BLOCK = "\x1eEND OF BLOCK"
"""Printed to both outputs after each block."""


@dataclass(frozen=True)
class Block:
    """A request on the page; `shown` is what it is said to answer, None: nothing is said."""

    heading: str
    script: str
    shown: Any
    status: int


@dataclass(frozen=True)
class Answered:
    """What a block did: the JSON that it printed, and its last call."""

    printed: Any
    status: int
    endpoint: Endpoint


def blocks() -> Iterator[Block]:
    for section in re.split(r"^(?=##)", PAGE, flags=re.MULTILINE):
        heading = section.partition("\n")[0].lstrip("# ")
        pattern = r"```sh\n(.*?)```(?:\n```json ?(\d*)\n(.*?)```)?"
        for script, status, shown in re.findall(pattern, section, re.DOTALL):
            yield Block(heading, script, json.loads(shown) if shown else None, int(status or 200))


BLOCKS = list(blocks())
SHOWN = [index for index, block in enumerate(BLOCKS) if block.shown is not None]


@pytest.fixture(scope="session")
def answers(product: Product, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Standard output and calls of each block, from one shell that ran them all; once for a worker,
    which may come to this page several times."""
    command_output("seed_demo")
    variables = {
        "API": f"{product.url}/api/v1",
        "TOKEN": product.token("school-1-teacher-1", "school-1", "Lê Văn Dũng"),
    }
    mark = f"\necho '{END_OF_BLOCK}' | tee /dev/stderr\n"
    script = PRELUDE + mark.join(block.script for block in BLOCKS) + mark
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path_factory.mktemp("reader"),
        env={**os.environ, **variables},
        capture_output=True,
        timeout=PAGE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2_000:]
    outputs = [output.decode().split(END_OF_BLOCK)[:-1] for output in (done.stdout, done.stderr)]
    return list(zip(*outputs, strict=True))


def answered(printed: str, calls: str) -> Answered:
    *_, last = re.findall(r"^CALL (\d+) (\w+) (\S+)$", calls, re.MULTILINE)
    status, method, url = last
    return Answered(json.loads(printed), int(status), endpoint_of(method, urlsplit(url).path))


def difference(shown: Any, told: Any, path: str = "data") -> str | None:
    """The first place where the page shows something else than was answered."""
    if shown == ANY:
        return None
    if isinstance(shown, dict) and isinstance(told, dict):
        return _difference_of_objects(shown, told, path)
    if isinstance(shown, list) and isinstance(told, list):
        return _difference_of_lists(shown, told, path)
    if isinstance(shown, str) and isinstance(told, str) and shown.endswith(ANY):
        shown, told = shown[:-1], told[: len(shown) - 1]
    same = (type(shown), shown) == (type(told), told)
    return None if same else f"{path}: shown {shown!r}, answered {told!r}"


def _difference_of_objects(shown: dict[str, Any], told: dict[str, Any], path: str) -> str | None:
    names = set(shown) - {ANY}
    if missing := names - set(told):
        return f"{path}: not answered: {sorted(missing)}"
    if ANY not in shown and (more := set(told) - names):
        return f"{path}: not shown: {sorted(more)}"
    found = (difference(shown[name], told[name], f"{path}.{name}") for name in sorted(names))
    return next(filter(None, found), None)


def _difference_of_lists(shown: list[Any], told: list[Any], path: str) -> str | None:
    is_open = shown[-1:] == [ANY]
    shown = shown[:-1] if is_open else shown
    if len(told) < len(shown) or (len(told) > len(shown) and not is_open):
        return f"{path}: shown {len(shown)} items, answered {len(told)}"
    pairs = enumerate(zip(shown, told, strict=False))
    return next(filter(None, (difference(a, b, f"{path}[{n}]") for n, (a, b) in pairs)), None)


def test_every_endpoint_has_a_heading_and_every_such_heading_an_endpoint() -> None:
    headings = re.findall(r"^### ([A-Z]+ /.*)$", PAGE, re.MULTILINE)

    assert sorted(headings) == sorted(str(endpoint) for endpoint in all_endpoints())


def test_every_heading_of_an_endpoint_is_followed_by_a_request() -> None:
    shown = {BLOCKS[index].heading for index in SHOWN}

    assert {str(endpoint) for endpoint in all_endpoints()} <= shown


@pytest.mark.parametrize("index", SHOWN, ids=lambda index: BLOCKS[index].heading)
def test_the_request_answers_what_the_page_shows(
    answers: list[tuple[str, str]], index: int
) -> None:
    block, got = BLOCKS[index], answered(*answers[index])

    assert got.status == block.status
    if block.heading.startswith(("GET", "POST", "PUT", "DELETE")):
        assert str(got.endpoint) == block.heading
    whole = isinstance(block.shown, dict) and "success" in block.shown
    assert difference(block.shown, got.printed if whole else got.printed["data"]) is None


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, ANY: ANY}, {"b": 2}),
        ({"a": "20…"}, {"a": "19"}),
        ({"a": "20…"}, {"a": None}),
        ([1], [1, 2]),
        ([1, ANY], []),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}),
    ],
)
def test_a_difference_is_seen(shown: Any, told: Any) -> None:
    assert difference(shown, told) is not None


def test_what_is_left_out_on_the_page_is_no_difference() -> None:
    shown = {"a": "20…", "b": [1, ANY], ANY: ANY}

    assert difference(shown, {"a": "2025", "b": [1, 2], "c": None}) is None
