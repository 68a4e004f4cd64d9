#!/usr/bin/env python
"""Django's command line; `python manage.py help` lists the commands."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import DatabaseError
from pymongo.errors import PyMongoError

from chat_project.mongodb import described, is_away
from chat_project.settings.environment import SettingsError, environment


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings.django")
    try:
        environment()
    except SettingsError as error:
        sys.exit(str(error))
    try:
        execute_from_command_line(sys.argv)
    except (PyMongoError, DatabaseError) as error:  # Django's own commands do not tell it
        if not is_away(error):
            raise
        sys.exit(f"CommandError: {described(error)}")


if __name__ == "__main__":
    main()
