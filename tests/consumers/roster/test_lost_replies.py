"""A commit of the roster's that MongoDB makes and does not answer: the cache follows it."""

from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from consumers.errors import RetryLater
from conversations import cache
from conversations.cache import Lookup
from conversations.services.roster import syncing
from conversations.values import Role
from tests.consumers.roster_events import RosterTopic, School
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("quiet")


def test_who_teaches_the_class_no_more_may_write_no_more(
    topic: RosterTopic, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic.deliver(school.assigned("teacher-1"), school.created("s-1", "parent-1"))
    teacher = Lookup(school.group()["_id"], "teacher-1")
    assert cache.look_up([teacher])[0].membership.role is Role.ADMIN
    unassigned = topic.append(*school.unassigned("teacher-1"))
    real = syncing.in_transaction

    def lost(work: Any, **bounds: Any) -> None:
        real(work, **bounds)
        raise AutoReconnect("the reply of commitTransaction is lost")

    with monkeypatch.context() as losing:
        losing.setattr(syncing, "in_transaction", lost)
        with pytest.raises(RetryLater):
            topic.apply([unassigned])
    topic.apply([unassigned])

    assert wait_until(
        lambda: cache.look_up([teacher])[0].membership.role is None, "the removal in the cache"
    )
