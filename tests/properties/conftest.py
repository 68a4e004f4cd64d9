"""Hypothesis' profiles: `ci` repeats the same examples, HYPOTHESIS_PROFILE=long looks for new ones."""

import os

from hypothesis import HealthCheck, settings

from tests.consumers.conftest import conversation

__all__ = ["conversation"]

TOO_SLOW = [HealthCheck.too_slow]  # a shared machine must not fail a test
settings.register_profile(
    "ci", derandomize=True, max_examples=100, deadline=None, suppress_health_check=TOO_SLOW
)
settings.register_profile(
    "long", max_examples=5_000, deadline=None, suppress_health_check=TOO_SLOW, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
