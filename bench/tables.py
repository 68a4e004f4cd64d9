"""`python -m bench.tables`: writes the tables of docs/performance.md anew from the data beside it.

A table stands between `<!-- table NAME -->` and `<!-- end -->`; NAME is a file of docs/performance.
"""

import re
import sys
from pathlib import Path
from typing import Any

import msgspec

from bench.report import Measured, table
from devstack.instance import REPOSITORY

PAGE = REPOSITORY / "docs" / "performance.md"
DATA = REPOSITORY / "docs" / "performance"

_PLACE = re.compile(r"(<!-- table (?P<name>[\w-]+) -->\n).*?(?=<!-- end -->)", re.DOTALL)
_USE = ("CPU", "RSS")


def main() -> int:
    PAGE.write_text(filled(PAGE.read_text(), DATA))
    return 0


def filled(page: str, data: Path) -> str:
    """The page with every table as the data says it."""

    def fill(found: re.Match[str]) -> str:
        return found[1] + _text(data / f"{found['name']}.json") + "\n"

    return _PLACE.sub(fill, page)


def _text(path: Path) -> str:
    """What was run when and where, a table of rates and times, and one of what they cost."""
    content: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    versions = ", ".join(f"{name} {number}" for name, number in content["versions"].items())
    rounds = [Measured(each.pop("subject"), each) for each in content["rounds"]]
    return "\n\n".join(
        [
            f"`{content['command']}`, {content['measured'][:10]}: {content['machine']}; {versions}."
            f" Data: [{path.name}](performance/{path.name}).",
            table(_only(rounds, costs=False)),
            table(_only(rounds, costs=True)),
            f"![chart](performance/{path.stem}.png)",
        ]
    )


def _only(rounds: list[Measured], *, costs: bool) -> list[Measured]:
    return [
        Measured(
            subject,
            {name: value for name, value in figures.items() if name.startswith(_USE) is costs},
        )
        for subject, figures in rounds
    ]


if __name__ == "__main__":
    sys.exit(main())
