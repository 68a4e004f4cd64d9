"""`makemigrations --check --dry-run` without a server, which it would ask for its history."""

import os

import django
from django.conf import settings
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings.django")
settings.DATABASES = {"default": {"ENGINE": "django.db.backends.dummy"}}
django.setup()
call_command("makemigrations", "--check", "--dry-run")
