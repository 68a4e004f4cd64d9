"""A time zone by its name in the IANA database."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is an OSError
        raise ValueError("must be the IANA name of a time zone, such as Asia/Ho_Chi_Minh") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known)]
