"""Redis through django-redis: literal keys, JSON values, and never slower than 0.15 s a step."""

from redis.backoff import NoBackoff
from redis.retry import Retry

from chat_project.settings.environment import environment

SOCKET_TIMEOUT_SECONDS = 0.15  # once for connecting, once for an answer: decision 0011


def literal_key(key: str, key_prefix: str, version: int) -> str:  # noqa: ARG001
    """The key in Redis is the key as given, so that `conversation:{id}` is really called so."""
    return key


CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": environment().redis_url,
        "TIMEOUT": round(environment().cache_ttl_minutes * 60),
        "KEY_FUNCTION": literal_key,
        "OPTIONS": {
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "SOCKET_CONNECT_TIMEOUT": SOCKET_TIMEOUT_SECONDS,
            "SOCKET_TIMEOUT": SOCKET_TIMEOUT_SECONDS,
            # RESP2 and no client name: a new connection costs no round trips before its first
            # command, and the server cannot lengthen the timeouts (RESP3's maintenance notices do).
            "CONNECTION_POOL_KWARGS": {
                "retry": Retry(NoBackoff(), 0),
                "protocol": 2,
                "driver_info": None,
            },
        },
    }
}
