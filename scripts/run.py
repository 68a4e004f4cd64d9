"""`scripts/run`: servers, database, topics, demo data, API and consumers, and a first message."""

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

from dotenv import dotenv_values

from devstack import Stack, StackError, ports
from devstack.instance import DEFAULT_NAME, REPOSITORY
from scripts.children import Child, ChildDied
from scripts.first_message import FirstMessageFailed, send_and_wait, wait_until_ready
from scripts.prepare import Demo
from scripts.summary import summary

API_PORT = 5004
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ADDRESSES = {"kafka": "KAFKA_BOOTSTRAP_SERVERS", "mongodb": "MONGODB_URI", "redis": "REDIS_URL"}


class PreparationFailed(Exception):
    """Database, topics or demo data could not be made; the command has said why."""


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 stopped as asked, 1 something failed, 2 wrong arguments."""
    options = _parser().parse_args(arguments)
    earlier = {  # SIGINT too: a background job may ignore it
        number: signal.signal(number, signal.default_int_handler) for number in ENDING
    }
    try:
        _run(options)
    except (StackError, PreparationFailed, ChildDied, FirstMessageFailed) as error:
        _say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        _say("stopped")
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
    return 0


def _run(options: argparse.Namespace) -> None:
    """Returns after the first message with --smoke, else only by an exception."""
    began = time.monotonic()
    with ExitStack() as started:
        try:
            if not ports.is_free(options.port):
                raise StackError(
                    f"port {options.port} of the API is already taken by"
                    f" {ports.owner(options.port)}: stop that, or use --port"
                )
            environment = _servers(options, started)
            demo = _prepare(environment)
            children = _start_product(options, environment, started)
            wait_until_ready(options.port, children)
            times = send_and_wait(options.port, demo, children)
            seconds = time.monotonic() - began
            print(summary(options.port, demo, times, start_seconds=seconds), flush=True)
            while not options.smoke:
                for child in children:
                    child.check_alive()
                time.sleep(0.2)
        finally:
            _say("stopping")
            for number in ENDING:
                signal.signal(number, signal.SIG_IGN)  # every stop below is bounded


def _servers(options: argparse.Namespace, started: ExitStack) -> dict[str, str]:
    """The product's environment: options, then the environment, then .env, then the devstack.

    An empty value counts as absent. Starts the devstack unless all three addresses are given.
    """
    given = {name: value for name, value in dotenv_values(REPOSITORY / ".env").items() if value}
    given |= {name: value for name, value in os.environ.items() if value}
    for option, name in ADDRESSES.items():
        if address := getattr(options, option):
            given[name] = address
    stack = Stack(options.devstack_name)
    if not all(given.get(name) for name in ADDRESSES.values()):
        if not options.keep_devstack and not stack.is_running:
            started.callback(stack.down)
        stack.up()
    return {**stack.env(), **given, "PORT": str(options.port)}


def _prepare(environment: dict[str, str]) -> Demo:
    _say("preparing database, topics, indexes and demo data")
    answer = subprocess.run(
        [sys.executable, "-m", "scripts.prepare"],
        env=environment,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        start_new_session=True,
    )
    if answer.returncode:
        raise PreparationFailed("preparing failed; the lines above say why")
    return Demo.from_json(answer.stdout)


def _start_product(
    options: argparse.Namespace, environment: dict[str, str], started: ExitStack
) -> list[Child]:
    """The API last, so that it is stopped first."""
    _say(f"starting {options.consumers} consumer(s), the indexer and the API")
    consume = [sys.executable, "manage.py", "consume_messages"]
    serve = [sys.executable, "-m", "gunicorn", "-c", "chat_project/gunicorn.conf.py"]
    commands = {f"consumer-{number + 1}": consume for number in range(options.consumers)}
    commands["indexer"] = [sys.executable, "manage.py", "index_messages"]
    commands["api"] = [*serve, "chat_project.wsgi"]
    children = []
    for name, command in commands.items():
        child = Child(name, command, environment=environment, folder=REPOSITORY)
        started.callback(child.stop)
        children.append(child)
    return children


def _say(line: str) -> None:
    print(f"run: {line}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/run",
        description="Runs the chat backend with all that it needs. With all three addresses given"
        " (here, in the environment or in .env) it uses those servers and starts none.",
    )
    parser.add_argument("--port", type=int, default=API_PORT, help="of the API (%(default)s)")
    parser.add_argument("--consumers", type=int, default=1, choices=range(1, 11), metavar="1..10")
    parser.add_argument("--kafka", metavar="HOST:PORT", help="use this Kafka")
    parser.add_argument("--mongodb", metavar="URI", help="use this MongoDB replica set")
    parser.add_argument("--redis", metavar="URL", help="use this Redis")
    parser.add_argument("--devstack-name", default=DEFAULT_NAME, help="instance (%(default)s)")
    parser.add_argument("--keep-devstack", action="store_true", help="leave the servers running")
    parser.add_argument(
        "--smoke", action="store_true", help="stop after the first message was stored; exit 0"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
