"""Limits as small as a test wants them."""

from collections.abc import Iterator

import pytest

from chat_project.settings.environment import environment
from conversations.cache import limits
from tests.messaging.rate_limits.buckets import PER_SECOND, Limiting


@pytest.fixture
def limiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Limiting]:
    """Sets the bursts: `limiting(sender=3, tenant=0)`; 0 is none."""

    def limit(*, sender: int = 0, tenant: int = 0, per_second: float = PER_SECOND) -> None:
        given = environment().model_copy(
            update={
                "rate_limit_messages_per_second": per_second,
                "rate_limit_burst": sender,
                "rate_limit_tenant_messages_per_second": per_second,
                "rate_limit_tenant_burst": tenant,
            }
        )
        monkeypatch.setattr(limits, "environment", lambda: given)
        limits.limits_of.cache_clear()

    yield limit
    limits.limits_of.cache_clear()
