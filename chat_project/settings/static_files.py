"""Files of the admin and of Swagger UI, served by the API process itself (whitenoise)."""

from chat_project.settings.attachments import ATTACHMENT_STORAGE
from chat_project.settings.environment import BASE_DIR, environment

STATIC_URL = "/static/"
# In development the files are found where their packages keep them: nothing to collect.
STATIC_ROOT = None if environment().django_debug else BASE_DIR / "staticfiles"

_DEVELOPMENT_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
_IMAGE_STORAGE = "chat_project.static_files.CollectedOrFound"

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": _DEVELOPMENT_STORAGE if environment().django_debug else _IMAGE_STORAGE
    },
    "attachments": ATTACHMENT_STORAGE,
}
# The image has run collectstatic; elsewhere the files are served from where their packages are.
WHITENOISE_USE_FINDERS = STATIC_ROOT is None or not (STATIC_ROOT / "staticfiles.json").is_file()
WHITENOISE_AUTOREFRESH = False
