"""What an import is going to publish, and what it tells of it."""

import msgspec

from consumers.oneroster.files import Refusal
from consumers.oneroster.school import LeftOut
from messaging.roster import RosterEvent


class Planned(msgspec.Struct, frozen=True):
    """An event and its key: of one class all lie in one partition, in this order."""

    key: str
    event: RosterEvent


class InClass(msgspec.Struct, frozen=True, rename="camel"):
    """Somebody who leaves a class; or, with `because`, who stays in it, as far as can be told."""

    class_id: str
    user_id: str
    user_name: str
    because: str | None = None


class Plan(msgspec.Struct):
    """What is to be published, what it is about, and what was refused."""

    events: list[Planned] = msgspec.field(default_factory=list)
    teachers: int = 0
    removed: list[InClass] = msgspec.field(default_factory=list)
    kept: list[InClass] = msgspec.field(default_factory=list)
    students: int = 0
    without_parents: int = 0
    classes: int = 0
    left_out: list[LeftOut] = msgspec.field(default_factory=list)
    elsewhere: int = 0
    refusals: list[Refusal] = msgspec.field(default_factory=list)


def because(refusal: Refusal) -> str:
    return f"{refusal.file} line {refusal.line} was refused"
