"""Files of the admin and of Swagger UI, served by the API process itself (whitenoise)."""

from chat_project.settings.environment import BASE_DIR, environment

STATIC_URL = "/static/"
# In development the files are found where their packages keep them: nothing to collect.
STATIC_ROOT = None if environment().django_debug else BASE_DIR / "staticfiles"

_DEVELOPMENT_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
_IMAGE_STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": _DEVELOPMENT_STORAGE if environment().django_debug else _IMAGE_STORAGE
    },
}
WHITENOISE_USE_FINDERS = environment().django_debug
WHITENOISE_AUTOREFRESH = False
