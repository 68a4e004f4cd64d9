"""The API as a WSGI application: `gunicorn -c chat_project/gunicorn.conf.py chat_project.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from chat_project.chunked_bodies import ChunkedBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings.django")

application = ChunkedBodies(get_wsgi_application())
