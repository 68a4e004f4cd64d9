"""Values for development, used only with DJANGO_DEBUG=true and refused in production.

`python -m devstack env` prints them beside the addresses of its servers.
"""

INSECURE_PREFIX = "insecure-development-"
"""Every development secret starts so; production refuses a secret that does."""

DEVELOPMENT = {
    "DJANGO_SECRET_KEY": INSECURE_PREFIX + "django-key-that-production-refuses-0123456789",
    "JWT_SECRET": INSECURE_PREFIX + "jwt-secret-that-production-refuses",
    "JWT_ISSUER": "emis",
    "JWT_AUDIENCE": "emis-chat",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
    "KAFKA_BOOTSTRAP_SERVERS": "localhost:9092",
    "MONGODB_URI": "mongodb://127.0.0.1:27017/?replicaSet=rs0&w=majority&journal=true",
    "REDIS_URL": "redis://localhost:6379/0",
}

DEMO_ADMIN_USER = "admin"
DEMO_ADMIN_PASSWORD = INSECURE_PREFIX + "admin"
"""Login of the demo administrator that `seed_demo` creates, in development only."""
