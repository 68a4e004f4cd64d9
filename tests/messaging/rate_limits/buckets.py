"""The bucket of a sender, and texts for it."""

from collections.abc import Callable
from typing import Any

from chat_project.redis import client
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import text_for

SECONDS_OF_ONE = 100
PER_SECOND = 1 / SECONDS_OF_ONE
"""The tests' limits refill once in a hundred seconds, and time passes by moving the bucket."""

Limiting = Callable[..., None]


def key_of(sender: Api) -> str:
    return f'rate:["{sender.tenant_id}","{sender.user_id}"]'


def pass_time(key: str, seconds: float) -> None:
    full_at = int(client().get(key) or b"") - round(seconds * 1_000_000)
    client().set(key, full_at, keepttl=True)


def refills(seconds: str | int) -> int:
    """Whole refills that the wait is for; a test may take some seconds of the first."""
    return -(-int(seconds) // SECONDS_OF_ONE)


def codes_of(outcomes: Any) -> list[str | None]:
    return [outcome["error"] and outcome["error"]["code"] for outcome in outcomes]


def texts_for(group: ConversationSettings, count: int) -> list[Any]:
    return [text_for(group, f"Tin {number}") for number in range(count)]
