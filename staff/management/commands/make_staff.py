"""`manage.py make_staff`: a user of the admin for one school."""

import getpass
import sys
from typing import Any

from django.contrib.auth.models import Permission, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from pymongo.errors import PyMongoError
from typing_extensions import override

from chat_project import audit_log
from chat_project.api.tokens import is_id
from chat_project.arguments import some_text
from chat_project.commands import ProductCommand
from chat_project.identifiers import canonical_id
from chat_project.mongodb import described
from staff.changes import Change, audited
from staff.roles import StaffRole, appoint, role_of

REFUSED = 2


class Command(ProductCommand):
    help = (
        "Makes a user of the admin who sees one school, or gives one that is there another school or"
        " role. A new one's password is asked for, or read with --password-stdin. Exit 0: made or"
        " changed; 1: the password or the name is refused, or MongoDB is away; 2: wrong arguments."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--user", type=some_text, required=True, metavar="NAME", help="what they sign in as"
        )
        parser.add_argument(
            "--tenant", type=some_text, required=True, metavar="ID", help="their school"
        )
        parser.add_argument(
            "--role",
            choices=[each.value for each in StaffRole],
            default=StaffRole.STAFF.value,
            help="default: staff",
        )
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from the first line of standard input",
        )

    @override
    def handle(self, **options: Any) -> None:
        if not is_id(options["tenant"]):
            raise CommandError("--tenant: 1 to 255 characters, no control", returncode=REFUSED)
        role, tenant_id = StaffRole(options["role"]), canonical_id(options["tenant"])
        try:
            user = User.objects.filter(username=options["user"]).first()
            made = user is None
            user = user or User(username=options["user"])
            if user.is_superuser:
                raise CommandError(f"{user.username} is a superuser, who belongs to no school")
            if made or options["password_stdin"]:
                self._set_password(user, from_stdin=options["password_stdin"])
            self._save(user, tenant_id, role, made=made)
        except Permission.DoesNotExist as error:
            raise CommandError("the roles are not there: run manage.py migrate first") from error
        except (DatabaseError, PyMongoError) as error:
            raise CommandError(described(error)) from error
        done = "made" if made else "changed"
        self.stdout.write(f"{done} {user.username}: {role.value} of {tenant_id}")

    def _set_password(self, user: User, *, from_stdin: bool) -> None:
        password = sys.stdin.readline().rstrip("\n") if from_stdin else self._asked()
        try:
            user.set_password(password)
            validate_password(password, user)
            user.clean_fields()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def _asked(self) -> str:
        if not sys.stdin.isatty():
            raise CommandError("without a terminal, say --password-stdin", returncode=REFUSED)
        first, second = getpass.getpass("Password: "), getpass.getpass("Again: ")
        if first != second:
            raise CommandError("the two passwords differ")
        return first

    def _save(self, user: User, tenant_id: str, role: StaffRole, *, made: bool) -> None:
        before = None if made else {"role": role_of(user)}
        told = Change(
            by=audit_log.operating_system_user(),
            action="add user" if made else "change user",
            target=user.username,
            tenant_id=tenant_id,
            before=before,
            after={"role": role.value, "school": tenant_id},
        )
        with audited(told):
            user.save()
            appoint(user, tenant_id, role)
