"""The page of one dead letter."""

from django.test import Client

from tests.staff.conftest import LETTERS, School


def test_it_says_what_went_wrong(own: School, staff: Client) -> None:
    page = staff.get(f"{LETTERS}{own.letter_id}/change/").content.decode()

    assert "<dt>error</dt><dd>no such conversation</dd>" in page
