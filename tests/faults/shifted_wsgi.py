"""The API on a host whose clock is wrong by FAULTS_CLOCK_SHIFT_SECONDS (0: right)."""

import os
from datetime import datetime, timedelta

from chat_project import timestamps

_shift = timedelta(seconds=float(os.environ.get("FAULTS_CLOCK_SHIFT_SECONDS", "0")))
_right_now = timestamps.now


def _shifted_now() -> datetime:
    return _right_now() + _shift


timestamps.now = _shifted_now

from chat_project.wsgi import application  # noqa: E402  # everything takes the clock from above

__all__ = ["application"]
