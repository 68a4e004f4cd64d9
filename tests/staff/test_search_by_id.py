"""Ids in a search are compared without case: a student's, a class's, a person's."""

from collections.abc import Callable

import pytest
from django.test import Client

from chat_project.identifiers import new_id
from conversations import services
from conversations.values import Person
from tests.staff.conftest import CONVERSATIONS, PARTICIPANTS, School, listed, person

WAYS = {"lower": str.lower, "upper": str.upper}


@pytest.mark.parametrize("stored", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("asked", WAYS.values(), ids=WAYS.keys())
def test_an_id_is_found_however_it_is_written(
    staff: Client, own: School, stored: Callable[[str], str], asked: Callable[[str], str]
) -> None:
    student, class_id, parent = (f"b{letter}{new_id()[-6:]}" for letter in "csp")
    room = services.create_student_group(
        own.tenant_id,
        stored(student),
        "Nguyễn Minh Anh",
        parents=[Person(stored(parent), "Lan")],
        teachers=[person()],
        created_by=own.teacher.user_id,
        class_id=stored(class_id),
    ).settings

    for term in (student, class_id, parent):
        assert listed(staff, CONVERSATIONS, q=asked(term)) == [room.id]
    assert len(listed(staff, PARTICIPANTS, q=asked(parent))) == 1
