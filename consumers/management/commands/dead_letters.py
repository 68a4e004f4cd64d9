"""`manage.py dead_letters`: list, show, retry and discard what could not be stored."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from pymongo.errors import PyMongoError
from tqdm import tqdm
from typing_extensions import override

from chat_project.arguments import some_text
from chat_project.audit_log import operating_system_user
from chat_project.commands import ProductCommand
from chat_project.identifiers import canonical_id
from chat_project.mongodb import described
from chat_project.settings.environment import environment
from consumers.arguments import iso_time, letter_id, whole_number
from consumers.confirmation import confirm
from consumers.errors import Reason, Refused, RetryLater, StopConsuming
from consumers.letters import display
from consumers.letters.desk import Desk
from consumers.letters.retrying import Outcome
from consumers.letters.selection import (
    Letter,
    Selection,
    State,
    count_by_reason,
    in_log_order,
    missing,
    newest,
)

REFUSED = 2
"""Exit code of wrong arguments and of what is not confirmed."""
EXIT_CODES = {
    "list": "Exit 0: listed, also if there is none; 1: a server is away; 2: wrong arguments.",
    "show": "Exit 0: shown; 1: no such letter, or a server is away; 2: wrong arguments.",
    "retry": (
        "Exit 0: each is retried, now or earlier, or stored by now; 1: one is not (no such letter,"
        " discarded, no record, of another topic), the topic grows, or a server is away; 2: wrong"
        " arguments."
    ),
    "discard": (
        "Exit 0: each is discarded, now or earlier; 1: no such letter, or a server is away;"
        " 2: wrong arguments, or not confirmed."
    ),
}


class Command(ProductCommand):
    help = (
        "Dead letters: list, show one, retry (its record goes through the message topic again),"
        " discard (for ever). Exit 0: done; 1: something was not done, or a server is away;"
        " 2: wrong arguments, or not confirmed."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        listed = _action(actions, "list", "the newest letters of a selection, and how many")
        _add_filters(listed)
        listed.add_argument("--limit", type=whole_number(1, 100_000), default=100, metavar="N")
        shown = _action(actions, "show", "outcome, headers, key and value of one letter")
        shown.add_argument("id", type=letter_id, metavar="ID")
        retried = _action(actions, "retry", "produce again, under the right key, and close")
        discarded = _action(actions, "discard", "close, and remove from the topic's front")
        for each in (retried, discarded):
            each.add_argument(
                "ids",
                nargs="*",
                type=letter_id,
                metavar="ID",
                help="<generation>:<partition>:<offset>",
            )
            each.add_argument("--all", action="store_true", help="every open letter")
            each.add_argument(
                "--by", type=some_text, metavar="NAME", default=operating_system_user()
            )
            _add_filters(each)
        discarded.add_argument(
            "--why", type=some_text, required=True, metavar="TEXT", help="kept in audit_log"
        )
        discarded.add_argument("--yes", action="store_true", help="do not ask")
        for each in (listed, shown, retried, discarded):
            each.add_argument("--json", action="store_true", help="for machines")

    @override
    def handle(self, **options: Any) -> None:
        with _told_as_errors():
            getattr(self, f"_{options['action']}")(options)

    def _list(self, options: dict[str, Any]) -> None:
        found = display.listing(_selection(options), options["limit"])
        self._print(found, display.list_lines(found), as_json=options["json"])

    def _show(self, options: dict[str, Any]) -> None:
        letters = newest(Selection(ids=(options["id"],)), 1)
        if not letters:
            raise CommandError(f"there is no dead letter {options['id']}: see dead_letters list")
        with closing(Desk(environment())) as desk:
            one = desk.show(letters[0])
        self._print(one, display.show_lines(one), as_json=options["json"])

    def _retry(self, options: dict[str, Any]) -> None:
        selection, letters = _chosen(options)
        limit = environment().dead_letter_run_limit
        if len(letters) > limit:
            self.stderr.write(
                f"warning: {len(letters)} records. Is their cause mended? Consumers stop at a run"
                f" of more than {limit} dead letters (DEAD_LETTER_RUN_LIMIT)"
            )
        outcomes = []
        try:
            with closing(Desk(environment())) as desk:
                working = desk.retry(letters, by=options["by"])
                for outcome in _bar("letters", working, len(letters)):
                    outcomes.append(outcome)
                    if not options["json"]:
                        self.stdout.write(f"{outcome.id} {outcome.fate.value}")
        finally:  # what was done is told, also when a server went away in the middle
            if options["json"]:
                self.stdout.write(msgspec.json.encode(outcomes).decode())
        left = [each for each in outcomes if not each.fate.is_done]
        _complain(missing(selection, letters), left)

    def _discard(self, options: dict[str, Any]) -> None:
        selection, letters = _chosen(options)
        wanted = [letter for letter in letters if letter.state != State.DISCARDED]
        if wanted and not options["yes"]:
            for reason, number in count_by_reason(wanted).items():
                self.stderr.write(f"{number:8} {reason}")
            confirm(f"Discard these {len(wanted)} for ever", yes=False)
        why, by = options["why"], options["by"]
        with closing(Desk(environment())) as desk:
            with _bar("letters", total=len(wanted)) as bar:
                discarded = desk.discard(wanted, why=why, by=by, on_progress=bar.update)
            with _bar("records") as bar:
                freed = desk.remove_discarded(on_progress=bar.update)
        done = {"discarded": discarded, "removed": freed}
        lines = [f"discarded {discarded}; {freed} records removed from the dead-letter topic"]
        self._print(done, iter(lines), as_json=options["json"])
        _complain(missing(selection, letters), [])

    def _print(self, found: Any, lines: Iterator[str], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(msgspec.json.encode(found).decode())
            return
        for line in lines:
            self.stdout.write(line)


def _action(actions: Any, name: str, what: str) -> Any:
    return actions.add_parser(name, help=what, description=what, epilog=EXIT_CODES[name])


def _add_filters(parser: Any) -> None:
    parser.add_argument("--reason", choices=[each.value for each in Reason])
    parser.add_argument("--since", type=iso_time, metavar="TIME", help="ISO-8601, included")
    parser.add_argument("--until", type=iso_time, metavar="TIME", help="ISO-8601, excluded")
    parser.add_argument("--conversation", type=some_text, metavar="ID")
    parser.add_argument(
        "--state", choices=[*State, "all"], help="default: open; given ids are taken in any state"
    )


def _selection(options: dict[str, Any]) -> Selection:
    state = options["state"] or State.OPEN.value
    since, until = options["since"], options["until"]
    if since and until and since >= until:
        raise CommandError("--since must be before --until", returncode=REFUSED)
    return Selection(
        ids=tuple(options.get("ids", ())),
        reason=options["reason"],
        since=since,
        until=until,
        conversation_id=canonical_id(options["conversation"] or "") or None,
        state=None if state == "all" else State(state),
    )


def _chosen(options: dict[str, Any]) -> tuple[Selection, list[Letter]]:
    """Refuses to choose everything by accident, and two ways of choosing at once."""
    names = ("reason", "since", "until", "conversation", "state")
    ways = [bool(options["ids"]), options["all"], any(options[name] for name in names)]
    if ways[0] and any(ways[1:]):
        raise CommandError("ids, or filters and --all: not both", returncode=REFUSED)
    if not any(ways):
        raise CommandError("say which: ids, filters, or --all", returncode=REFUSED)
    selection = _selection(options)
    return selection, in_log_order(selection)


def _complain(unknown: list[str], left: list[Outcome]) -> None:
    if unknown:
        raise CommandError(f"there is no dead letter {', '.join(unknown)}")
    if left:
        first = f"{left[0].id} ({left[0].fate.value})"
        raise CommandError(f"{len(left)} not retried, the first is {first}")


def _bar(unit: str, work: Iterable[Any] | None = None, total: int | None = None) -> Any:
    """Is drawn on a terminal only."""
    return tqdm(work, total=total, unit=f" {unit}", disable=None, file=sys.stderr)


@contextmanager
def _told_as_errors() -> Iterator[None]:
    try:
        yield
    except Refused as error:
        raise CommandError(str(error), returncode=REFUSED) from error
    except PyMongoError as error:
        raise CommandError(described(error)) from error
    except (RetryLater, StopConsuming) as error:
        raise CommandError(str(error)) from error
