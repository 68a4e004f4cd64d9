"""The product's settings with the probe mounted, for a real gunicorn."""

from chat_project.settings.django import *

ROOT_URLCONF = "tests.api.probe"
