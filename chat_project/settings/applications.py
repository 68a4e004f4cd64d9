"""What Django is made of: applications, middleware, templates, language and time."""

from chat_project.settings.environment import BASE_DIR, environment

INSTALLED_APPS = [
    "staff",  # before the admin: some of its templates are replaced
    "chat_project.mongo_apps.MongoAdminConfig",
    "chat_project.mongo_apps.MongoAuthConfig",
    "chat_project.mongo_apps.MongoContentTypesConfig",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "chat_project.apps.ChatProjectConfig",
    "conversations",
    "messaging",
    "consumers",
]

MIDDLEWARE = [
    "chat_project.api.middleware.RequestMiddleware",
    *(["chat_project.api.cors.Cors"] if environment().cors_allowed_origins else []),
    "chat_project.pages.Pages",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "chat_project" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

ROOT_URLCONF = "chat_project.urls"
WSGI_APPLICATION = "chat_project.wsgi.application"

LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "chat_project.formats"
TIME_ZONE = "UTC"
"""Of the process: logs, the API and what is stored."""
USE_TZ = True
ADMIN_TIME_ZONE = environment().time_zone
"""Of what the admin shows."""
