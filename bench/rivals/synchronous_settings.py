"""Django's settings of the synchronous rival."""

from chat_project.settings.django import *

ROOT_URLCONF = "bench.rivals.synchronous"
