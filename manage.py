#!/usr/bin/env python
"""Django's command line; `python manage.py help` lists the commands."""

import os
import sys

from django.core.management import execute_from_command_line

from chat_project.settings.environment import SettingsError, environment


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings.django")
    try:
        environment()
    except SettingsError as error:
        sys.exit(str(error))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
