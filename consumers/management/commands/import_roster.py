"""`manage.py import_roster`: a school without the platform publishes its roster from CSV files."""

import sys
from contextlib import nullcontext
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from pymongo.errors import PyMongoError
from tqdm import tqdm
from typing_extensions import override

from chat_project.arguments import some_path, some_text
from chat_project.commands import ProductCommand
from chat_project.identifiers import canonical_id
from chat_project.mongodb import described
from chat_project.running_alone import running_alone
from chat_project.settings.environment import environment
from chat_project.timestamps import now
from consumers.errors import Refused, RetryLater
from consumers.oneroster.files import Refusal, tables
from consumers.oneroster.one_school import only_one_school
from consumers.oneroster.plan import InClass, Plan
from consumers.oneroster.planning import plan
from consumers.oneroster.publishing import publish
from consumers.oneroster.school import LeftOut, SchoolReader
from conversations import policies
from conversations.services.roster import KnownSchool


class Imported(msgspec.Struct, frozen=True, rename="camel"):
    """What a run did, or would do, for machines; `published`: events."""

    tenant_id: str
    published: int
    dry_run: bool
    teachers: int
    unassigned: int
    classes: int
    students: int
    without_parents: int
    left_out: int
    left_out_rows: list[LeftOut]
    elsewhere: int
    refused: list[Refusal]
    removed: list[InClass]
    kept: list[InClass]


class Command(ProductCommand):
    help = (
        "Publishes a school's roster from OneRoster 1.1 CSV files to the topic student.created;"
        " consume_messages makes the student groups of it. Run again, the same files change"
        " nothing, changed ones what has changed. What cannot be taken is told by line and column,"
        " the rest is published. Exit 0: all was taken; 1: something was refused, or Kafka or"
        " MongoDB is away (run it again); 2: wrong arguments, a file that cannot be read, no file of a school, several"
        " schools without --org, no topic;"
        " 75: another run works for this school."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files",
            nargs="+",
            type=some_path,
            metavar="FILE",
            help="CSV files, folders of them or zips: users, enrollments and classes are taken",
        )
        parser.add_argument(
            "--tenant", required=True, type=some_text, metavar="ID", help="of the school"
        )
        parser.add_argument(
            "--org",
            type=some_text,
            metavar="SOURCEDID",
            help="only this school's people and classes; required if the files are of several",
        )
        parser.add_argument("--dry-run", action="store_true", help="only tell, publish nothing")
        parser.add_argument(
            "--given-name-first",
            action="store_true",
            help="names as Jane Roe (default: the family name first, as Nguyễn Văn An)",
        )
        parser.add_argument("--json", action="store_true", help="one JSON document for machines")

    @override
    def handle(self, **options: Any) -> None:
        tenant, dry_run = options["tenant"], options["dry_run"]
        if refusal := policies.check_id(tenant, "--tenant"):
            raise CommandError(refusal.message, returncode=2)
        tenant = canonical_id(tenant)
        alone = nullcontext() if dry_run else running_alone(f"import_roster of {tenant}")
        try:
            with alone:
                made = self._import(tenant, **options)
        except Refused as error:
            raise CommandError(str(error), returncode=2) from error
        except RetryLater as error:
            raise CommandError(f"not to the end, run it again: {error}") from error
        except PyMongoError as error:
            raise CommandError(described(error)) from error
        self._tell(made, tenant, dry_run=dry_run, as_json=options["json"])
        if made.refusals:
            raise CommandError(f"{len(made.refusals)} refused; the rest was taken")

    def _import(
        self,
        tenant_id: str,
        *,
        given_name_first: bool,
        org: str | None,
        dry_run: bool,
        **options: Any,
    ) -> Plan:
        occurred_on = now()
        reader = SchoolReader(occurred_on.date(), given_name_first=given_name_first)
        school = reader.read(tables(options["files"]))
        only_one_school(school, canonical_id(org) if org else None)
        made = plan(tenant_id, school, KnownSchool(tenant_id))
        if not dry_run:
            with tqdm(total=len(made.events), unit="events", disable=None, file=sys.stderr) as bar:
                publish(environment(), made.events, occurred_on, on_progress=bar.update)
        return made

    def _tell(self, made: Plan, tenant: str, *, dry_run: bool, as_json: bool) -> None:
        if as_json:
            told = Imported(
                tenant_id=tenant,
                published=0 if dry_run else len(made.events),
                dry_run=dry_run,
                teachers=made.teachers,
                unassigned=len(made.removed),
                classes=made.classes,
                students=made.students,
                without_parents=made.without_parents,
                left_out=len(made.left_out),
                left_out_rows=made.left_out,
                elsewhere=made.elsewhere,
                refused=made.refusals,
                removed=made.removed,
                kept=made.kept,
            )
            self.stdout.write(msgspec.json.encode(told).decode())
            return
        for each in made.refusals:
            column = f", {each.column}" if each.column else ""
            self.stdout.write(f"refused: {each.file} line {each.line}{column}: {each.problem}")
        for row in made.left_out:
            self.stdout.write(f"left out: {row.file} line {row.line}: {row.why}")
        for one in made.removed:
            self.stdout.write(f"leaves class {one.class_id}: {_person(one)}")
        for one in made.kept:
            self.stdout.write(f"stays in class {one.class_id}: {_person(one)}: {one.because}")
        self.stdout.write(
            f"{made.students} students in {made.classes} classes, {made.teachers} teachers"
        )
        if made.without_parents:
            self.stdout.write(f"{made.without_parents} of them have no parent, so no group yet")
        if made.removed:
            self.stdout.write(f"{len(made.removed)} teachers are of a class no more")
        if made.kept:
            self.stdout.write(
                f"{len(made.kept)} people stay in a class: a refused row may be about them;"
                " correct it, and run again"
            )
        if made.elsewhere:
            self.stdout.write(f"{made.elsewhere} students of other schools were left out")
        verb = "would publish" if dry_run else "published"
        self.stdout.write(f"{verb} {len(made.events)} events to {environment().roster_topic}")


def _person(one: InClass) -> str:
    return f"{one.user_name} ({one.user_id})" if one.user_name else one.user_id
