import json

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session


def test_a_session_is_kept_and_ended_in_mongodb(database: None) -> None:
    store = SessionStore()
    store["page"] = 1
    store.save()
    key = store.session_key

    again = SessionStore(key)
    again["page"] += 1
    again.save()
    assert SessionStore(key)["page"] == 2

    again.flush()
    assert "page" not in SessionStore(key)


def test_a_session_is_found_by_an_index(database: None) -> None:
    plan = json.loads(Session.objects.filter(session_key="x" * 32).explain())

    assert '"IXSCAN"' in json.dumps(plan["queryPlanner"]["winningPlan"])
