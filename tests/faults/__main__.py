"""`python -m tests.faults`: the fault suite on the command line; `scripts/test faults` runs it."""

import argparse
import logging
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

import django

from consumers.arguments import whole_number


def main() -> int:
    """Exit code: 0 no differences, 1 differences, 2 wrong arguments."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings.django")
    os.environ.setdefault("DJANGO_DEBUG", "true")
    django.setup()
    for noisy in ("httpx", "librdkafka"):  # what they tell is the fault, or a line per request
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    from tests.faults import results, runner
    from tests.faults.rows.all import ROWS, WAYS

    parser = _parser(ROWS)
    options = parser.parse_args()
    if options.table:
        print(results.table(results.read(options.table), ROWS))  # noqa: T201
        return 0
    chosen = [way for way in WAYS if way.row in (options.row or ROWS)]
    chosen = [way for way in chosen if options.way in (None, way.name)]
    if not chosen:
        parser.error(f"no way to fail is called {options.way!r} there: see --list")
    if options.list:
        print("\n".join(f"{way.title} (on {way.need})" for way in chosen))  # noqa: T201
        return 0
    seed = options.seed or secrets.token_hex(4)
    print(f"faults: --seed {seed} repeats this run", file=sys.stderr)  # noqa: T201
    planned = [
        *runner.plans(
            chosen,
            rounds=options.rounds,
            seed=seed,
            protocols=_chosen(options.protocol, runner.PROTOCOLS),
            consumers=[int(each) for each in _chosen(options.consumers, ("1", "3"))],
        )
    ]
    if not_run := {way.title for way in chosen} - {plan.way.title for plan in planned}:
        titles = "; ".join(sorted(not_run))
        print(f"faults: too few --rounds for {titles}", file=sys.stderr)  # noqa: T201
    entries = runner.run(planned, file=options.json)
    print(results.table(entries, list(dict.fromkeys(way.row for way in chosen))))  # noqa: T201
    return 1 if any(entry.differences for entry in entries) else 0


def _chosen(option: str, all_of_them: Sequence[str]) -> Sequence[str]:
    return all_of_them if option == "both" else (option,)


def _parser(rows: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/test faults",
        description="Random load, a fault that is seen to happen, quiet, a recount."
        " Exit 0: no differences; 1: differences; 2: wrong arguments.",
    )
    parser.add_argument("--row", action="append", choices=rows, help="may be given several times")
    parser.add_argument("--way", help="only this way to fail (see --list)")
    parser.add_argument(
        "--rounds",
        type=whole_number(1, 10_000),
        help="of each row, over its ways in turn (default: 20, and at least one of each way with"
        " each protocol and number of consumers)",
    )
    parser.add_argument("--seed", help="what a run before printed; default: a new one")
    parser.add_argument("--protocol", choices=("classic", "consumer", "both"), default="both")
    parser.add_argument("--consumers", choices=("1", "3", "both"), default="both")
    parser.add_argument("--list", action="store_true", help="print the ways to fail, run nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="add each round to this file")
    parser.add_argument("--table", type=Path, metavar="FILE", help="print such a file as Markdown")
    return parser


if __name__ == "__main__":
    sys.exit(main())
