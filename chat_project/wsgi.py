"""The API as a WSGI application: `gunicorn -c chat_project/gunicorn.conf.py chat_project.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings.django")

application = get_wsgi_application()
