"""Django's settings of the constant rival."""

from chat_project.settings.django import *

MIDDLEWARE = []
ROOT_URLCONF = "bench.rivals.constant"
