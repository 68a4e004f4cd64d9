"""Settings for `collectstatic` while the image is built: no secret, no server, no environment.

It finds the same files as the product's settings do, which a test compares; those cannot be used,
because production refuses to start without its secrets.
"""

from pathlib import Path

INSTALLED_APPS = [
    "staff",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular_sidecar",
]
STATIC_URL = "/static/"
STATIC_ROOT = Path(__file__).resolve().parent.parent / "staticfiles"
STORAGES = {
    "staticfiles": {"BACKEND": "chat_project.static_files.CollectedOrFound"},
}
