"""What the commands of `manage.py` have in common."""

from django.core.management.base import BaseCommand


class ProductCommand(BaseCommand):
    """Starts without Django's system checks, a quarter of its start: they tell of the code and the
    settings, which do not change between two runs. `migrate`, and so each deployment, makes them."""

    requires_system_checks = ()
