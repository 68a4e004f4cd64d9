"""MongoDB is the only database: Django's models and its contrib applications live there too."""

from chat_project.gdal import without_gdal
from chat_project.mongodb import CLIENT_OPTIONS
from chat_project.settings.environment import environment

without_gdal()

DATABASES = {
    "default": {
        "ENGINE": "django_mongodb_backend",
        "HOST": environment().mongodb_uri,
        "NAME": environment().mongodb_database,
        # The backend makes its dates aware by itself.
        "OPTIONS": {key: CLIENT_OPTIONS[key] for key in CLIENT_OPTIONS if key != "tz_aware"},
    }
}
DATABASE_ROUTERS = ["django_mongodb_backend.routers.MongoRouter"]
DEFAULT_AUTO_FIELD = "django_mongodb_backend.fields.ObjectIdAutoField"

MIGRATION_MODULES = {
    "admin": "chat_project.mongo_migrations.admin",
    "auth": "chat_project.mongo_migrations.auth",
    "contenttypes": "chat_project.mongo_migrations.contenttypes",
    "sessions": "chat_project.mongo_migrations.sessions",
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
