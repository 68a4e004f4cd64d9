"""Names in the admin's forms: what a rule refuses is told at its field."""

from django.forms import ValidationError

from conversations import policies


def checked_name(name: str) -> str:
    """The name as it was given. Raises ValidationError with the words of the rule."""
    if refusal := policies.check_name(name):
        raise ValidationError(refusal.message)
    return name
