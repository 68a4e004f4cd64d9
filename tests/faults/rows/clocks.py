"""API hosts whose clocks differ by minutes; messages that are dated in the past."""

from contextlib import ExitStack
from datetime import datetime, timedelta

from tests.faults.clients import Senders, serving
from tests.faults.round import Round
from tests.faults.rows.kinds import Way
from tests.faults.seen import require
from tests.waiting import wait_until

ROW = "clock"
SHIFT_SECONDS = 240.0


def _hosts_differ(one: Round) -> None:
    one.consume(count=one.consumers)
    with ExitStack() as stack:
        apis = [
            stack.enter_context(serving(one, clock_shift_seconds=shift))
            for shift in (-SHIFT_SECONDS, SHIFT_SECONDS)
        ]
        with Senders(one, apis).sending():
            wait_until(lambda: len(one.answered) > 200, "messages are accepted", seconds=60)
    moments = [datetime.fromisoformat(data["sentAt"]) for data in one.answered.values()]
    spread = max(moments) - min(moments)
    require(spread > timedelta(seconds=2 * SHIFT_SECONDS - 5), f"they differ by {spread} only")


def _dated_in_the_past(one: Round) -> None:
    one.consume(count=one.consumers)
    for year in range(1980, 2020):
        one.load.produce(one.load.message(sentAt=f"{year}-01-01T00:00:00.0000001"))
        one.load.send(5)
    old = {"sentAt": {"$lt": datetime(2020, 1, 1)}, "seq": {"$gt": 1}}  # noqa: DTZ001  # BSON's UTC
    wait_until(lambda: one.lag() == 0, "all is handled", seconds=60)
    followers = one.database["messages"].count_documents(old)
    require(followers > 10, f"only {followers} messages of the past follow others")


WAYS = [
    Way(ROW, "API hosts differ by minutes", _hosts_differ),
    Way(ROW, "messages dated in the past", _dated_in_the_past),
]
