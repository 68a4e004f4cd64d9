"""What the two export commands share: their options, and how they tell."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from pymongo.errors import PyMongoError

from chat_project.api.errors import Unavailable
from chat_project.arguments import some_path, some_text
from chat_project.interrupting import signals_as_interrupt
from chat_project.mongodb import described
from consumers.errors import Refused, RetryLater, StopConsuming
from consumers.evidence.exporting import Exported, Order, verify
from consumers.evidence.output import Format

DIFFERS = 1
EXITS = (
    " Exit 0: exported, or as it was exported; 1: a server is away, the disk is full, it was told to"
    " end, or something differs or cannot be read; 2: wrong arguments, nothing there, a folder that is"
    " not empty, or that another export has begun."
)


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        type=some_path,
        metavar="DIR",
        help="a new or empty folder, there when the export is whole; needed but for --verify",
    )
    parser.add_argument(
        "--format",
        type=Format,
        choices=list(Format),
        default=Format.BOTH,
        help="JSON Lines for machines, HTML for people (default: both)",
    )
    parser.add_argument("--files", action="store_true", help="copy the attachments too")
    parser.add_argument("--by", type=some_text, metavar="NAME", help="who wants it, for audit_log")
    parser.add_argument("--reason", type=some_text, metavar="TEXT", help="why, for audit_log")
    parser.add_argument(
        "--verify",
        type=some_path,
        metavar="DIR",
        help="instead: compare an exported folder with its manifest and with audit_log",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document for machines")


def run(
    command: BaseCommand, options: Mapping[str, Any], export: Callable[[Order], Exported]
) -> None:
    if options["verify"] is not None:
        with _told_as_errors("not compared", unusable="--verify cannot be read"):
            _verify(command, options)
        return
    with (
        _told_as_errors("not exported", unusable="--output cannot be written"),
        signals_as_interrupt(),
    ):
        missing = [name for name in ("output", "by", "reason") if not options[name]]
        if missing:
            raise Refused(f"needed: {', '.join(f'--{name}' for name in missing)}")
        exported = export(
            Order(
                by=options["by"],
                reason=options["reason"],
                path=options["output"],
                format=options["format"],
                with_files=options["files"],
            )
        )
    if options["json"]:
        command.stdout.write(msgspec.json.encode(exported).decode())
        return
    for name, digest in exported.files.items():
        command.stdout.write(f"{digest}  {name}")
    for each in exported.left_out:
        name = f"{each.file_name} ({each.attachment_id})".strip()
        command.stdout.write(f"not exported: {name} of message {each.message_id}: {each.why}")
    if exported.left_out:
        command.stdout.write(f"{len(exported.left_out)} files were not exported")
    command.stdout.write(
        f"{exported.messages} messages exported to {exported.path}; SHA-256 of its manifest:"
        f" {exported.digest}"
    )


def _verify(command: BaseCommand, options: Mapping[str, Any]) -> None:
    found = verify(options["verify"])
    if options["json"]:
        command.stdout.write(msgspec.json.encode({"differences": found}).decode())
    elif not found:
        command.stdout.write(f"{options['verify']} is as it was exported")
    else:
        for each in found:
            command.stdout.write(each)
    if found:
        raise CommandError(f"{len(found)} differences", returncode=DIFFERS)


@contextmanager
def _told_as_errors(undone: str, *, unusable: str) -> Iterator[None]:
    """`undone`: what is not done then; `unusable`: the option whose files could not be used."""
    try:
        yield
    except Refused as error:
        raise CommandError(str(error), returncode=2) from error
    except KeyboardInterrupt as error:
        raise CommandError(f"{undone}: it was told to end") from error
    except PyMongoError as error:
        raise CommandError(f"{undone}: {described(error)}") from error
    except (RetryLater, StopConsuming, Unavailable) as error:
        raise CommandError(f"{undone}: {error}") from error
    except OSError as error:
        raise CommandError(f"{undone}, {unusable}: {error}") from error
