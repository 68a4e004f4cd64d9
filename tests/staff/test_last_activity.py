"""The filter by last activity for superusers: of one school, and said so where none is chosen."""

from django.test import Client

from conversations.admin.finding import NEEDS_A_SCHOOL
from tests.staff.conftest import CONVERSATIONS, School, listed


def test_a_last_activity_over_all_schools_says_that_it_needs_one(superuser: Client) -> None:
    page = superuser.get(CONVERSATIONS, {"activity": "day"})

    assert list(page.context["cl"].result_list) == []
    text = page.content.decode()
    assert NEEDS_A_SCHOOL in text
    assert "Written in the last 24 hours" in text, "the filter is shown, to be taken out"


def test_a_last_activity_narrows_a_search_over_all_schools(superuser: Client, own: School) -> None:
    found = {"q": own.group.id}

    assert listed(superuser, CONVERSATIONS, **found) == [own.group.id]
    assert listed(superuser, CONVERSATIONS, **found, activity="day") == []
    assert listed(superuser, CONVERSATIONS, **found, activity="never") == [own.group.id]


def test_every_school_lets_the_last_activity_go(superuser: Client, own: School) -> None:
    query = {"tenant_id": own.tenant_id, "activity": "never", "type__exact": "TeacherGroup"}
    changelist = superuser.get(CONVERSATIONS, query).context["cl"]
    [school] = [each for each in changelist.filter_specs if each.title == "school"]

    assert next(iter(school.choices(changelist)))["query_string"] == "?type__exact=TeacherGroup"
