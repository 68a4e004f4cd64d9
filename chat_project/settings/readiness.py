"""What `/health/ready` asks: name -> (a callable that raises when the server is away, required)."""

READINESS_CHECKS = {
    "mongodb": ("chat_project.health.ping_mongodb", True),
    "kafka": ("messaging.producer.check_reachable", True),
    "accepting": ("messaging.pause.check_open", False),
    "redis": ("chat_project.health.ping_redis", False),
}
READINESS_TIMEOUT_SECONDS = 2.0
