"""Progress lines; standard output stays for results."""

import sys


def report(line: str) -> None:
    print(f"devstack: {line}", file=sys.stderr, flush=True)
