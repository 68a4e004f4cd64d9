"""How much of the log and of MongoDB an audit looks at."""

from collections.abc import Mapping
from datetime import datetime

import msgspec


class Scope(msgspec.Struct, frozen=True):
    """Some conversations or all (None), records of some time (the broker's) or of any.

    With a time, only its records are compared; their conversations, or those asked for, get beside
    that the checks that MongoDB alone allows. `up_to`: by partition, the offset at which the log counts as ended.
    """

    conversation_ids: frozenset[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    up_to: Mapping[int, int] | None = None

    @property
    def is_everything(self) -> bool:
        return (self.conversation_ids, self.since, self.until) == (None, None, None)

    def holds(self, conversation_id: str | None) -> bool:
        return self.conversation_ids is None or conversation_id in self.conversation_ids


EVERYTHING = Scope()
