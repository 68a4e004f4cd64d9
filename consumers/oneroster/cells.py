"""What single cells may hold. Each function gives a value, or raises Unfit with what is allowed."""

from collections.abc import Collection
from datetime import date

from chat_project.identifiers import canonical_id
from chat_project.texts import without_controls
from conversations import policies

USER_ROLES = (
    *("administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher"),
)
PARENTS = frozenset({"guardian", "parent", "relative"})
STATUSES = ("active", "tobedeleted")
BOOLEANS = ("true", "false")


class Unfit(Exception):
    """A cell that is not taken: its column, and what is wrong with it."""

    def __init__(self, column: str, problem: str) -> None:
        super().__init__(f"{column}: {problem}")
        self.column = column
        self.problem = problem


def identifier(text: str, column: str) -> str:
    """A GUID in lower case, any other id as it is."""
    if refusal := policies.check_id(text, column):
        shown = f"{text[:40]!r}: " if text else "is empty: "
        raise Unfit(column, shown + refusal.message.removeprefix(f"{column} "))
    return canonical_id(text)


def identifiers(text: str, column: str) -> tuple[str, ...]:
    """Parted by commas, each once; none in an empty cell."""
    given = [part.strip() for part in text.split(",")]
    return tuple(dict.fromkeys(identifier(part, column) for part in given if part))


def name(parts: Collection[str], column: str) -> str:
    """The parts that are not empty, with spaces between."""
    full = without_controls(" ".join(part for part in parts if part))
    if not full:
        raise Unfit(column, "a person needs a givenName or a familyName")
    if refusal := policies.check_name(full, column):
        raise Unfit(column, refusal.message.removeprefix(f"{column} "))
    return full


def one_of(text: str, allowed: Collection[str], column: str, *, default: str | None = None) -> str:
    """Whatever its case; an empty cell is the default, if there is one."""
    value = text.lower()
    if not value and default is not None:
        return default
    if value not in allowed:
        raise Unfit(column, f"{text[:40]!r}: allowed are {', '.join(allowed)}")
    return value


def day(text: str, column: str) -> date | None:
    """As 2025-09-05; None in an empty cell."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unfit(column, f"{text[:40]!r}: a date as 2025-09-05") from None
