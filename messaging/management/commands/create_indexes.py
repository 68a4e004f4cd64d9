"""`manage.py create_indexes`: the indexes of messages and of dead letters."""

from typing import Any

from django.core.management.base import BaseCommand
from typing_extensions import override

from messaging.indexes import create_indexes


class Command(BaseCommand):
    help = "Creates the indexes that are missing; existing ones are left alone."

    @override
    def handle(self, *_args: Any, **_options: Any) -> None:
        for name in create_indexes():
            self.stdout.write(f"created {name}")
