"""Dependencies point one way, and each foreign client has its place (docs/architecture.md)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("chat_project", "staff", "conversations", "messaging", "realtime", "consumers")
"""Each may import those before it."""

COMPOSITION = {"chat_project/urls.py", "chat_project/gunicorn.conf.py"}
"""Where the parts are put together; it must know them."""

KAFKA_HOMES = ("messaging/producer.py", "messaging/topics.py", "consumers/")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for layer in LAYERS:
        for path in sorted((ROOT / layer).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_what_lies_below_it(layer: str) -> None:
    above = LAYERS[LAYERS.index(layer) + 1 :]
    upward = [
        f"{name} imports {module}"
        for name, tree in modules()
        if name.startswith(f"{layer}/") and name not in COMPOSITION
        for module in imported(tree)
        if module.split(".")[0] in above
    ]

    assert upward == []


def test_kafkas_client_is_imported_at_its_homes_only() -> None:
    strangers = [
        name
        for name, tree in modules()
        if any(module.split(".")[0] == "confluent_kafka" for module in imported(tree))
        and not name.startswith(KAFKA_HOMES)
    ]

    assert strangers == []


def test_nothing_of_the_product_imports_tests_or_tools() -> None:
    strangers = [
        f"{name} imports {module}"
        for name, tree in modules()
        for module in imported(tree)
        if module.split(".")[0] in {"tests", "devstack", "scripts", "bench", "pytest"}
    ]

    assert strangers == []
