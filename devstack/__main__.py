"""`python -m devstack up|down|status|env|reset`."""

import argparse
import json
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import asdict

from devstack.environment import with_defaults
from devstack.errors import StackError
from devstack.instance import DEFAULT_NAME
from devstack.progress import report
from devstack.service import ServiceStatus, State
from devstack.stack import Stack


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done, 1 failed (status: not all up), 2 wrong arguments, 130 Ctrl-C."""
    options = _parser().parse_args(arguments)
    action: Callable[[argparse.Namespace], int] = options.action
    try:
        return action(options)
    except StackError as error:
        print(f"devstack: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        report("interrupted")
        return 130


def _up(options: argparse.Namespace) -> int:
    began = time.monotonic()
    _stack(options).up()
    report(f"instance {options.name} is up ({time.monotonic() - began:.1f} s)")
    return 0


def _down(options: argparse.Namespace) -> int:
    stack = _stack(options)
    if not stack.exists:
        report(f"instance {options.name} was never started")
        return 0
    stack.down()
    report(f"instance {options.name} is down")
    return 0


def _reset(options: argparse.Namespace) -> int:
    _stack(options).reset()
    report(f"instance {options.name} and its data are deleted")
    return 0


def _env(options: argparse.Namespace) -> int:
    for name, value in with_defaults(_stack(options).env()).items():
        print(f"{name}={shlex.quote(value)}")
    return 0


def _status(options: argparse.Namespace) -> int:
    lines = _stack(options).status()
    if options.json:
        print(json.dumps([asdict(line) for line in lines]))
    elif not lines:
        print(f"instance {options.name} was never started: python -m devstack up")
    else:
        _print_table(lines)
    return 0 if lines and all(line.state is State.UP for line in lines) else 1


def _print_table(lines: list[ServiceStatus]) -> None:
    print(f"{'service':<12}{'state':<11}{'pid':>8}{'port':>7}{'memory':>10}")
    for line in lines:
        memory = f"{line.rss_bytes / 2**20:.0f} MiB"
        print(f"{line.service:<12}{line.state:<11}{line.pid or '-':>8}{line.port:>7}{memory:>10}")


def _stack(options: argparse.Namespace) -> Stack:
    numbers = {name: getattr(options, name, None) for name in ("brokers", "mongodb_members")}
    return Stack(options.name, **numbers)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m devstack",
        description="Real Kafka, MongoDB and Redis on this machine, without containers.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for action, summary in (
        (_up, "start the servers and wait until they are healthy"),
        (_down, "stop the servers that this started"),
        (_status, "show each server; exit 0 if all are up, else 1"),
        (_env, "print the product's environment as KEY=value lines"),
        (_reset, "stop the servers and delete the instance's data"),
    ):
        command = commands.add_parser(action.__name__[1:], help=summary, description=summary)
        command.add_argument("--name", default=DEFAULT_NAME, help="instance (default: %(default)s)")
        command.set_defaults(action=action)
        if action in (_up, _env):
            command.add_argument("--brokers", type=int, choices=(1, 3), help="Kafka nodes")
            command.add_argument("--mongodb-members", type=int, choices=(1, 3))
        if action is _status:
            command.add_argument("--json", action="store_true", help="for machines")
    return parser


if __name__ == "__main__":
    sys.exit(main())
