"""Times as the admin shows them: `2026-11-27 23:44` in the zone of TIME_ZONE, which each page names."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.conf import settings
from django.utils import timezone


@contextmanager
def in_the_shown_zone() -> Iterator[None]:
    """What Django writes within the block, or reads from a form, is in that zone."""
    with timezone.override(settings.ADMIN_TIME_ZONE):
        yield


def shown(moment: datetime) -> str:
    """A naive datetime is UTC, as MongoDB's driver gives it."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{timezone.localtime(aware):%Y-%m-%d %H:%M}"
