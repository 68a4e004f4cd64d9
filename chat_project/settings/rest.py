"""Django REST framework and the OpenAPI document: one envelope, one format, one kind of token."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["chat_project.api.authentication.JwtAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["chat_project.api.renderers.EnvelopeRenderer"],
    "DEFAULT_PARSER_CLASSES": ["chat_project.api.parsers.JsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "chat_project.api.renderers.OneRenderer",
    "DEFAULT_SCHEMA_CLASS": "chat_project.api.schema.EnvelopeSchema",
    "EXCEPTION_HANDLER": "chat_project.api.exceptions.handle",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
    "FORMAT_SUFFIX_KWARG": None,
}

API_CODES = ["chat_project.api.codes.CODES", "conversations.codes.CODES", "messaging.codes.CODES"]

SPECTACULAR_SETTINGS = {
    "TITLE": "EMIS chat service",
    "DESCRIPTION": "Messages and conversations of schools. Every answer has the same envelope.",
    "VERSION": "v1",
    "SCHEMA_PATH_PREFIX": "/api/v1",  # the endpoints are grouped by what follows
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},  # no foreign host
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "chat_project.api.openapi.complete",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
}
