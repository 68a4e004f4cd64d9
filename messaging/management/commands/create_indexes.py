"""`manage.py create_indexes`: the indexes of every collection without a Django model."""

from typing import Any

from django.core.management.base import CommandError
from pymongo.errors import PyMongoError
from typing_extensions import override

from chat_project.commands import ProductCommand
from chat_project.mongodb import described
from messaging.indexes import create_indexes


class Command(ProductCommand):
    help = (
        "Creates the indexes that are missing; existing ones are left alone. Exit 0: all are there;"
        " 1: MongoDB is away, or refuses; 2: wrong arguments."
    )

    @override
    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            for name in create_indexes():
                self.stdout.write(f"created {name}")
        except PyMongoError as error:
            raise CommandError(described(error)) from error
