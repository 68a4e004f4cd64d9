"""These tests compare files with code; none needs Django's database or topics."""

import pytest

from tests.deploy.compose import FILLED_IN, Compose


@pytest.fixture(scope="session", autouse=True)
def django_db_setup() -> None:
    """Not here."""


@pytest.fixture(scope="session")
def compose() -> Compose:
    """docker-compose.yml with every required setting filled in."""
    return Compose(FILLED_IN)
