"""docker-compose.yml as a container engine would understand it, and what it says of services."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent

FILLED_IN = {
    "DJANGO_SECRET_KEY": "django-key-of-a-test-0123456789-0123456789-0123456789",
    "ALLOWED_HOSTS": "chat.example",
    "JWT_SECRET": "jwt-secret-of-a-test-0123456789-0123456789",
    "JWT_ISSUER": "emis",
    "JWT_AUDIENCE": "emis-chat",
    "MONGODB_PASSWORD": "password-of-the-product",
    "MONGODB_ROOT_PASSWORD": "password-of-root",
    "REDIS_PASSWORD": "password-of-redis",
}
REQUIRED = frozenset(FILLED_IN)
BROKERS = ("kafka", "kafka-2", "kafka-3")
PROCESSES = ("migrate", "api", "consumer", "indexer", "lag")

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(:?[?-])([^}]*)\})")


class Refused(Exception):
    """A required variable is missing; compose stops with this text."""


class Compose:
    """The file with `${…}` replaced from `variables`, after YAML as compose does. Raises Refused."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables: set[str] = set()
        self._given = variables
        self.file = self._replaced(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))

    def _replaced(self, node: Any) -> Any:
        if isinstance(node, dict):
            return {key: self._replaced(value) for key, value in node.items()}
        if isinstance(node, list):
            return [self._replaced(each) for each in node]
        return _VARIABLE.sub(self._value, node) if isinstance(node, str) else node

    def _value(self, match: re.Match[str]) -> str:
        escaped, name, operator, argument = match.groups()
        if escaped:
            return "$"
        self.variables.add(name)
        value = self._given.get(name)
        if value or (value is not None and not operator.startswith(":")):
            return value
        if operator.endswith("?"):
            raise Refused(argument)
        return str(argument)

    def service(self, name: str) -> dict[str, Any]:
        service: dict[str, Any] = self.file["services"][name]
        return service

    def environment(self, name: str) -> dict[str, str]:
        """Values as the process sees them: strings."""
        given = self.service(name)["environment"]
        return {key: str(value) for key, value in given.items()}

    def grace_seconds(self, name: str) -> int:
        return int(self.service(name)["stop_grace_period"].removesuffix("s"))

    def mounted(self, name: str, path: str) -> Path | None:
        """The file of this repository that the container sees at `path`."""
        volumes: list[str] = self.service(name).get("volumes", [])
        for volume in volumes:
            source, target = volume.split(":")[:2]
            if source.startswith("./") and path.startswith(target):
                return ROOT / source / path.removeprefix(target).lstrip("/")
        return None
