"""Names of participants, remembered for a minute: a stored sender name is a snapshot anyway."""

import time
from collections.abc import Callable, Collection, Mapping

Pair = tuple[str, str]

REMEMBERED_SECONDS = 60.0
MAX_REMEMBERED = 100_000
"""Some 20 MB; a consumer that meets more starts over."""


class RememberedNames:
    """Asks `look_up` (one query a call) only for pairs that are not remembered.

    A pair without a participant is remembered as such too, so that it costs one query a minute.
    """

    def __init__(
        self,
        look_up: Callable[[Collection[Pair]], Mapping[Pair, str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look_up = look_up
        self._clock = clock
        self._names: dict[Pair, str | None] = {}
        self._since = clock()

    def __call__(self, pairs: Collection[Pair]) -> dict[Pair, str]:
        """(conversation, user) -> name, for the pairs that have one."""
        self._forget_when_due()
        missing = [pair for pair in pairs if pair not in self._names]
        if missing:
            found = self._look_up(missing)
            self._names.update({pair: found.get(pair) for pair in missing})
        return {pair: name for pair in pairs if (name := self._names[pair]) is not None}

    def _forget_when_due(self) -> None:
        now = self._clock()
        if now - self._since > REMEMBERED_SECONDS or len(self._names) > MAX_REMEMBERED:
            self._names.clear()
            self._since = now
