"""The school's roster: who learns and teaches where, and the student groups that follow from it.

What is known is kept as facts, each guarded by the version of the event that told it, so that events
may come in any order and any number of times (decision 0020). `syncing` then brings a student's
group from what the roster made of it last to what it wants now, and touches nothing else in it.
"""

from conversations.services.roster.facts import (
    Contended,
    Fact,
    StudentFact,
    StudentKey,
    TeacherFact,
    Version,
)
from conversations.services.roster.forgetting import forget, names_of
from conversations.services.roster.keeping import remember, touched_students
from conversations.services.roster.knowing import KnownSchool, KnownStudent
from conversations.services.roster.syncing import AT_ONCE, Synced, sync

__all__ = [
    "AT_ONCE",
    "Contended",
    "Fact",
    "KnownSchool",
    "KnownStudent",
    "StudentFact",
    "StudentKey",
    "Synced",
    "TeacherFact",
    "Version",
    "forget",
    "names_of",
    "remember",
    "sync",
    "touched_students",
]
