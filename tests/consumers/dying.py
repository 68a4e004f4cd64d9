"""A consumer that dies between two steps, in place of the function of a step."""

from consumers.errors import RetryLater


def die(*_: object) -> bool:
    raise RetryLater("the process died here")
