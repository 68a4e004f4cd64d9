"""Names that are kept no longer (decision 0023), in the roster's facts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec.structs import replace
from pymongo import UpdateOne

from chat_project.mongodb import Document, collection, majority_collection
from conversations.erased import ERASED_NAME, neutral_people
from conversations.services.erasure import erased_among
from conversations.services.roster.facts import Contended, Fact, StudentFact, TeacherFact
from conversations.services.roster.states import (
    CLASSES,
    PASSES,
    STUDENTS,
    Applied,
    AppliedPerson,
    ClassState,
    Parent,
    StudentState,
    as_fields,
)

F = TypeVar("F", StudentFact, TeacherFact)


def without_erased_names(facts: Sequence[F]) -> list[F]:
    """The facts, with the neutral name of whom an erasure has begun for.

    To be asked after the states were read that the facts go into: an erasure that begins later finds
    them written, or makes their writer start over.
    """
    by_tenant: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        by_tenant[_tenant_of(fact)].update(_named_by(fact))
    erased = {tenant_id: erased_among(tenant_id, ids) for tenant_id, ids in by_tenant.items()}
    return [_neutral(fact, erased) for fact in facts]


def _tenant_of(fact: Fact) -> str:
    place = fact.student if isinstance(fact, StudentFact) else fact.school_class
    return place.tenant_id


def _named_by(fact: Fact) -> Iterable[str]:
    if isinstance(fact, TeacherFact):
        return (fact.user_id,)
    return (fact.student.student_id, *(parent.user_id for parent in fact.parents))


def _neutral(fact: F, erased: Mapping[str, set[str]]) -> F:
    gone = erased[_tenant_of(fact)]
    if isinstance(fact, TeacherFact):
        is_named = fact.user_name is not None and fact.user_id in gone
        return replace(fact, user_name=ERASED_NAME) if is_named else fact
    is_named = fact.name is not None and fact.student.student_id in gone
    return replace(
        fact,
        name=ERASED_NAME if is_named else fact.name,
        parents=tuple(neutral_people(fact.parents, gone)),
    )


def names_of(tenant_id: str, user_id: str) -> set[str]:
    """What the roster calls this person, until it forgets them. Raises pymongo's errors."""
    found = [
        state
        for name, whose, kind in _places(user_id)
        for state in _read(name, tenant_id, whose, kind)
    ]
    return {name for state in found for name in _names_in(state, user_id)} - {""}


def forget(tenant_id: str, user_id: str) -> int:
    """Puts the neutral name wherever the roster names this person; gives in how many documents.

    After `erasure.begin`. Repeated, it finds nothing. Raises Contended, and pymongo's errors.
    """
    return sum(
        _forget(name, tenant_id, user_id, whose, kind) for name, whose, kind in _places(user_id)
    )


def _places(user_id: str) -> list[tuple[str, Document, type[StudentState | ClassState]]]:
    """Where the roster may name them: collection, query, type."""
    of_student = {"$or": [{"studentId": user_id}, *_any_of(user_id, "parents", "applied.people")]}
    of_class = {"$or": _any_of(user_id, "teachers")}
    return [(STUDENTS, of_student, StudentState), (CLASSES, of_class, ClassState)]


def _any_of(user_id: str, *lists: str) -> list[Document]:
    return [{f"{name}.userId": user_id} for name in lists]


def _read(
    name: str, tenant_id: str, whose: Document, kind: type[StudentState | ClassState]
) -> list[StudentState | ClassState]:
    found = majority_collection(name).find({"tenantId": tenant_id, **whose})
    return [msgspec.convert(each, kind) for each in found]


def _names_in(state: StudentState | ClassState, user_id: str) -> Iterator[str]:
    if isinstance(state, ClassState):
        yield from (one.user_name or "" for one in state.teachers if one.user_id == user_id)
        return
    applied = state.applied or Applied("")
    people: list[Parent | AppliedPerson] = [*state.parents, *applied.people]
    yield from (one.user_name for one in people if one.user_id == user_id)
    if state.student_id == user_id:
        yield from (state.name.value if state.name else "", applied.name or "")


def _forget(
    name: str, tenant_id: str, user_id: str, whose: Document, kind: type[StudentState | ClassState]
) -> int:
    count = 0
    for _ in range(PASSES):
        known = _read(name, tenant_id, whose, kind)
        changed = [(old, new) for old in known if (new := _forgotten(old, user_id)) != old]
        if not changed:
            return count
        writes = [
            UpdateOne(
                {"_id": old.key.document_id, "rev": old.rev},
                {"$set": as_fields(replace(new, rev=old.rev + 1))},
            )
            for old, new in changed
        ]
        count += collection(name).bulk_write(writes, ordered=False).modified_count
    raise Contended(f"other writers of {name} were faster in {PASSES} passes")


def _forgotten(state: StudentState | ClassState, user_id: str) -> StudentState | ClassState:
    if isinstance(state, ClassState):
        teachers = tuple(
            replace(one, user_name=ERASED_NAME) if one.user_id == user_id and one.user_name else one
            for one in state.teachers
        )
        return replace(state, teachers=teachers)
    is_student = state.student_id == user_id
    name = state.name
    return replace(
        state,
        name=replace(name, value=ERASED_NAME) if name and is_student else name,
        parents=tuple(_parent_forgotten(one, user_id) for one in state.parents),
        applied=_applied_forgotten(state.applied, user_id, is_student=is_student),
    )


def _parent_forgotten(parent: Parent, user_id: str) -> Parent:
    return replace(parent, user_name=ERASED_NAME) if parent.user_id == user_id else parent


def _applied_forgotten(
    applied: Applied | None, user_id: str, *, is_student: bool
) -> Applied | None:
    if applied is None:
        return None
    people = tuple(
        replace(one, user_name=ERASED_NAME) if one.user_id == user_id else one
        for one in applied.people
    )
    name = ERASED_NAME if applied.name and is_student else applied.name
    return replace(applied, people=people, name=name)
