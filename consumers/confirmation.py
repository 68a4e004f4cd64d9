"""Asks the person at the terminal before a command does what cannot be taken back."""

import sys

from consumers.errors import Refused


def confirm(question: str, *, yes: bool) -> None:
    """Returns when `yes` is given or the person answers it. Raises Refused otherwise."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"{question}: there is no terminal to ask on; say --yes")
    sys.stderr.write(f"{question}? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused("not confirmed, nothing was changed")
