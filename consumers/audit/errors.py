"""Why an audit could not be made."""


class CannotCheck(Exception):
    """A server is away, or what was asked for does not exist; nothing is known, nothing is wrong."""


class Unreadable(Exception):
    """A document lacks what it is told apart by: a finding of its own."""
