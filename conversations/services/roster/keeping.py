"""The roster's facts in MongoDB: `roster_students` and `roster_classes`, a document of each.

A fact is read, merged and written by compare-and-set on `rev`; who was overtaken merges again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter

import msgspec
from msgspec.structs import replace
from pymongo import InsertOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from chat_project.mongodb import Document, collection, majority_collection, only_duplicates
from conversations.services.roster.facts import (
    ClassKey,
    Contended,
    Fact,
    StudentFact,
    StudentKey,
    TeacherFact,
)
from conversations.services.roster.forgetting import without_erased_names
from conversations.services.roster.states import (
    CLASSES,
    PASSES,
    STUDENTS,
    ClassState,
    StudentState,
    as_fields,
)
from conversations.values import ConversationType

INDEXES: Mapping[str, Sequence[tuple[str, Sequence[str]]]] = {
    STUDENTS: [("tenant_class", ("tenantId", "classId.value"))],
    CLASSES: [("tenant_class", ("tenantId", "classId"))],
}

State = StudentState | ClassState
Merged = tuple[State, State]
"""A state as it was read, and with all facts that are newer."""


def remember(facts: Sequence[Fact]) -> None:
    """Writes what is newer than what is known. Idempotent, monotone, and safe beside any other.

    Raises Contended, and pymongo's errors; a part may have been written then.
    """
    about_students = [fact for fact in facts if isinstance(fact, StudentFact)]
    about_classes = [fact for fact in facts if isinstance(fact, TeacherFact)]
    if about_students:
        _remember(STUDENTS, partial(_with_student_facts, about_students))
    if about_classes:
        _remember(CLASSES, partial(_with_teacher_facts, about_classes))


def _with_student_facts(facts: Sequence[StudentFact]) -> list[Merged]:
    before = read_students({fact.student for fact in facts})
    after = dict(before)
    for fact in without_erased_names(facts):
        after[fact.student] = after[fact.student].with_fact(fact)
    return [(state, after[key]) for key, state in before.items()]


def _with_teacher_facts(facts: Sequence[TeacherFact]) -> list[Merged]:
    before = read_classes({fact.school_class for fact in facts})
    after = dict(before)
    for fact in without_erased_names(facts):
        after[fact.school_class] = after[fact.school_class].with_fact(fact)
    return [(state, after[key]) for key, state in before.items()]


def _remember(name: str, merged: Callable[[], Sequence[Merged]]) -> None:
    for _ in range(PASSES):
        if _write(name, [(old, new) for old, new in merged() if old != new]):
            return
    raise Contended(f"other writers of {name} were faster in {PASSES} passes")


def _write(name: str, changed: Sequence[Merged]) -> bool:
    """False: somebody else changed one of them since it was read."""
    if not changed:
        return True
    writes: list[InsertOne[Document] | UpdateOne]
    writes = [_insertion(new) if old.rev == 0 else _update(old, new) for old, new in changed]
    try:
        result = collection(name).bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        if only_duplicates(error):
            return False
        raise
    return result.inserted_count + result.matched_count == len(changed)


def _insertion(new: State) -> InsertOne[Document]:
    return InsertOne({"_id": new.key.document_id, **as_fields(replace(new, rev=1))})


def _update(old: State, new: State) -> UpdateOne:
    """`applied` is the sync's own."""
    fields = {name: value for name, value in as_fields(new).items() if name != "applied"}
    is_as_read = {"_id": old.key.document_id, "rev": old.rev}
    return UpdateOne(is_as_read, {"$set": {**fields, "rev": old.rev + 1}})


def read_students(
    keys: Collection[StudentKey], session: ClientSession | None = None
) -> dict[StudentKey, StudentState]:
    """By key; one that nothing is known of has `rev` 0."""
    found = _find(STUDENTS, [key.document_id for key in keys], session)
    known = {state.key: state for state in (msgspec.convert(each, StudentState) for each in found)}
    return {
        key: known.get(key) or StudentState(tenant_id=key.tenant_id, student_id=key.student_id)
        for key in keys
    }


def read_classes(
    keys: Collection[ClassKey], session: ClientSession | None = None
) -> dict[ClassKey, ClassState]:
    """As `read_students`."""
    found = _find(CLASSES, [key.document_id for key in keys], session)
    known = {state.key: state for state in (msgspec.convert(each, ClassState) for each in found)}
    return {
        key: known.get(key) or ClassState(tenant_id=key.tenant_id, class_id=key.class_id)
        for key in keys
    }


def _find(name: str, ids: Sequence[str], session: ClientSession | None) -> list[Document]:
    """Read with read concern majority, or in the transaction's snapshot."""
    if not ids:
        return []
    source = collection(name) if session else majority_collection(name)
    return list(source.find({"_id": {"$in": list(ids)}}, session=session))


def touched_students(facts: Sequence[Fact]) -> list[StudentKey]:
    """Whose groups may follow from these facts, each once, sorted: also those whom the roster knows
    nothing of and who have a group of the class, made by hand."""
    students = {fact.student for fact in facts if isinstance(fact, StudentFact)}
    classes = {fact.school_class for fact in facts if isinstance(fact, TeacherFact)}
    for tenant_id, keys in groupby(sorted(classes), key=attrgetter("tenant_id")):
        class_ids = [key.class_id for key in keys]
        students |= _known_students_of(tenant_id, class_ids)
        students |= _students_with_groups_of(tenant_id, class_ids)
    return sorted(students)


def _known_students_of(tenant_id: str, class_ids: Sequence[str]) -> set[StudentKey]:
    query = {"tenantId": tenant_id, "classId.value": {"$in": list(class_ids)}}
    found = majority_collection(STUDENTS).find(query, {"studentId": 1})
    return {StudentKey(tenant_id, each["studentId"]) for each in found}


def _students_with_groups_of(tenant_id: str, class_ids: Sequence[str]) -> set[StudentKey]:
    query = {
        "tenantId": tenant_id,
        "classId": {"$in": list(class_ids)},
        "type": ConversationType.STUDENT_GROUP.value,
    }
    found = majority_collection("conversations").find(query, {"studentId": 1})
    return {StudentKey(tenant_id, each["studentId"]) for each in found if each.get("studentId")}
