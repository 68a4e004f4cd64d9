"""The pages for operators name what is there: settings, options, metrics, decisions."""

import argparse
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand
from prometheus_client.metrics import MetricWrapperBase

from bench import tables
from chat_project import metrics as shared_metrics
from chat_project.settings.environment import BASE_DIR, Environment
from consumers import metrics as consumer_metrics
from devstack.__main__ import _parser as devstack_parser
from scripts.run import _parser as run_parser

DOCS = BASE_DIR / "docs"
OPERATIONS = (DOCS / "operations.md").read_text()
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "clients/**/*.md")
    for page in BASE_DIR.glob(pattern)
)
OUR_APPS = ("chat_project", "staff", "conversations", "messaging", "consumers")


def option_names(parser: argparse.ArgumentParser) -> set[str]:
    """The long options of a parser and of its subcommands."""
    names: set[str] = set()
    for action in parser._actions:
        names.update(name for name in action.option_strings if name.startswith("--"))
        if isinstance(action, argparse._SubParsersAction):
            names.update(*(option_names(sub) for sub in action.choices.values()))
    return names - {"--help"}


def own_commands() -> dict[str, BaseCommand]:
    return {
        name: load_command_class(app, name)
        for name, app in get_commands().items()
        if app in OUR_APPS
    }


def own_options(name: str) -> set[str]:
    """Without those of every command."""
    command = own_commands()[name]
    common = option_names(BaseCommand().create_parser("manage.py", "any"))
    return option_names(command.create_parser("manage.py", name)) - common


def all_options() -> Iterator[tuple[str, str]]:
    for name in sorted(own_commands()):
        for option in sorted(own_options(name)):
            yield name, option


def options_of_scripts() -> Iterator[tuple[str, str]]:
    for name, parser in (("devstack", devstack_parser()), ("scripts/run", run_parser())):
        for option in sorted(option_names(parser)):
            yield name, option


def described_options() -> dict[str, set[str]]:
    """By command: of the table of options (options, commands, meaning), and of the command's own row
    in the table of commands."""
    section = OPERATIONS.partition("## 1. Commands")[2].partition("\n## ")[0]
    described: dict[str, set[str]] = defaultdict(set)
    for row in re.findall(r"^\| `.*$", section, re.MULTILINE):
        first, second, *_ = (cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1])
        options = re.findall(r"`(--[\w-]+)", first)
        names = re.findall(r"`(\w+)", second) if options else re.findall(r"`(\w+)`", first)
        for name in names:
            described[name].update(options or re.findall(r"`(--[\w-]+)", second))
    return described


def row_of(setting: str) -> str | None:
    found = re.search(rf"^\| `{setting}` \|.*$", OPERATIONS, re.MULTILINE)
    return found[0] if found else None


def links_in(page: Path) -> list[tuple[str, str]]:
    """(path, anchor) of every relative link; either may be empty."""
    targets = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text())
    return [(path, anchor) for path, anchor in targets]


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("field", sorted(Environment.model_fields))
def test_every_setting_is_in_the_table_with_its_default(field: str) -> None:
    row = row_of(field.upper())
    assert row is not None, f"{field.upper()} has no row in docs/operations.md"
    default = Environment.model_fields[field].default
    if isinstance(default, str | int | float):
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        assert f"| `{shown}` |" in row


def test_the_table_names_no_setting_that_does_not_exist() -> None:
    section = OPERATIONS.partition("## 2. Settings")[2].partition("## 3.")[0]
    named = set(re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE))
    assert named == {field.upper() for field in Environment.model_fields}


@pytest.mark.parametrize("name", sorted(own_commands()))
def test_every_command_is_described(name: str) -> None:
    assert f"| `{name}` |" in OPERATIONS


@pytest.mark.parametrize(("name", "option"), list(all_options()))
def test_every_option_is_described(name: str, option: str) -> None:
    assert option in described_options()[name]


@pytest.mark.parametrize("name", sorted(own_commands()))
def test_every_described_option_is_there(name: str) -> None:
    assert described_options()[name] - own_options(name) == set()


@pytest.mark.parametrize(("name", "option"), list(options_of_scripts()))
def test_every_option_of_a_script_is_described(name: str, option: str) -> None:
    lines = [line for line in re.split(r"\n(?=[|\n])", OPERATIONS) if name in line]
    assert any(f"`{option}" in line for line in lines), f"{name} {option}"


@pytest.mark.parametrize("module", [shared_metrics, consumer_metrics])
def test_every_metric_is_described(module: object) -> None:
    ours = [value for value in vars(module).values() if isinstance(value, MetricWrapperBase)]
    described = [each for metric in ours for each in metric.describe()]
    assert described
    for each in described:
        name = f"{each.name}_total" if each.type == "counter" else each.name
        assert f"\n| `{name}` |" in OPERATIONS, name


def test_every_decision_is_in_the_index() -> None:
    linked = {path for path, _ in links_in(DOCS / "decisions" / "README.md")}
    assert linked == {page.name for page in DECISIONS}


def test_the_pages_agree_on_what_starts_kafka_alone() -> None:
    pages = [BASE_DIR / "README.md", DOCS / "deployment.md"]
    told = [
        re.findall(r"`docker-compose up -d kafka zookeeper` becomes `(.*?)`", page.read_text())
        for page in pages
    ]

    assert told == [["docker-compose up -d kafka"]] * 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(BASE_DIR)))
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in links_in(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {path}"
        assert not anchor or anchor in anchors_of(target), f"{page.name}: {path}#{anchor}"


def test_the_tables_of_performance_are_those_of_the_data_beside_it() -> None:
    page = tables.PAGE.read_text()

    assert tables.filled(page, tables.DATA) == page
    assert {path.stem for path in tables.DATA.glob("*.json")} == set(
        re.findall(r"<!-- table ([\w-]+) -->", page)
    )
