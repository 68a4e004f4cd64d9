"""What can go wrong in devstack."""


class StackError(Exception):
    """A server could not be started, found or stopped; the text says what to do."""
