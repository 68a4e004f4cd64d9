"""Which pages of other origins may use the API from a browser (django-cors-headers).

Tokens travel in a header and never in a cookie, so no page gets credentials that it does not bring.
"""

from chat_project.settings.environment import ANY_ORIGIN, environment

CORS_ALLOW_ALL_ORIGINS = ANY_ORIGIN in environment().cors_allowed_origins
CORS_ALLOWED_ORIGINS = [each for each in environment().cors_allowed_origins if each != ANY_ORIGIN]
CORS_URLS_REGEX = r"(?i)^/api/"
CORS_ALLOW_METHODS = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
CORS_ALLOW_HEADERS = (
    *("authorization", "content-type", "idempotency-key", "if-none-match"),
    "x-request-id",
)
CORS_EXPOSE_HEADERS = (
    *("Content-Disposition", "Content-Range"),
    *("ETag", "Retry-After", "X-Request-ID"),
)
CORS_ALLOW_CREDENTIALS = False
CORS_PREFLIGHT_MAX_AGE = 7_200  # seconds; what Chrome caps it to
