"""What a student's group should be, and what is to be done for it. Pure.

The teachers of the class are Admins and the parents Members; without a teacher the parents are the
Admins. What the roster wants is compared with what it made of the group last (`Applied`), not with
the group: whom staff has removed stays out, and whom staff has added stays in.
"""

from collections.abc import Mapping

import msgspec

from conversations.services.roster.states import (
    Applied,
    AppliedPerson,
    ClassState,
    StudentState,
)
from conversations.values import Membership, Person, Role


class Wanted(msgspec.Struct, frozen=True):
    """`name` is the student's, None: unknown. People: teachers first, of these the head teacher."""

    name: str | None
    class_id: str | None
    people: tuple[tuple[Person, Role], ...]

    def of(self, role: Role) -> list[Person]:
        return [person for person, has in self.people if has is role]


class Steps(msgspec.Struct):
    """What is to be done in a group, in this order: nobody's going leaves it without an Admin."""

    applied: Applied
    added: list[tuple[Person, Role]] = msgspec.field(default_factory=list)
    renamed: list[Person] = msgspec.field(default_factory=list)
    """Who is in it and has a new name."""
    changed: list[tuple[Person, Role]] = msgspec.field(default_factory=list)
    removed: list[Person] = msgspec.field(default_factory=list)
    name: str | None = None
    class_id: str | None = None

    @property
    def is_change(self) -> bool:
        people = self.added or self.renamed or self.changed or self.removed
        return bool(people or self.name or self.class_id)


def wanted(student: StudentState, school_class: ClassState | None) -> Wanted:
    teachers = [
        (not one.is_head, one.user_id, one.user_name)
        for one in (school_class.teachers if school_class else ())
        if one.is_assigned
    ]
    roles: dict[str, tuple[Person, Role]] = {
        user_id: (Person(user_id, name or user_id), Role.ADMIN)
        for _, user_id, name in sorted(teachers, key=lambda one: one[:2])
    }
    parents_role = Role.MEMBER if roles else Role.ADMIN
    for one in student.parents:
        roles.setdefault(one.user_id, (Person(one.user_id, one.user_name), parents_role))
    return Wanted(
        name=student.name.value if student.name else None,
        class_id=student.class_id.value if student.class_id else None,
        people=tuple(roles.values()),
    )


def can_be_founded(student: StudentState) -> bool:
    """A group needs a name and a parent."""
    return student.name is not None and bool(student.parents)


def is_due(wants: Wanted, applied: Applied | None) -> bool:
    """Whether an existing group may have to change: what was refused for the last Admin's sake is
    not tried again until something else changes."""
    if applied is None:
        return bool(wants.people)
    if (wants.name, wants.class_id) != (applied.name, applied.class_id):
        return True
    has = {one.user_id: one for one in applied.people}
    for person, role in wants.people:
        one = has.pop(person.user_id, None)
        if one is None or one.user_name != person.user_name:
            return True
        if one.role is not role and not one.is_kept:
            return True
    return not all(one.is_kept for one in has.values())


def as_founded(conversation_id: str, wants: Wanted) -> Applied:
    people = tuple(AppliedPerson(one.user_id, one.user_name, role) for one, role in wants.people)
    return Applied(conversation_id, wants.name, wants.class_id, people)


def steps(
    conversation_id: str,
    wants: Wanted,
    applied: Applied | None,
    present: Mapping[str, Membership],
    class_id: str | None,
) -> Steps:
    """`present`: the group's Admins, and those of the wanted and the applied who are in it;
    `class_id` is the group's.

    A role is changed only if it is the one that the roster gave. A group that was made by hand
    keeps its name until the student has another one.
    """
    before = {one.user_id: one for one in applied.people} if applied else {}
    done = Steps(Applied(conversation_id, wants.name, wants.class_id))
    roles = {user_id: one.role for user_id, one in present.items() if one.role}
    people = [
        _bring(person, role, before.pop(person.user_id, None), present, roles, done)
        for person, role in wants.people  # Admins first: by then a Member-to-be is not the last
    ]
    people += _remove(before, roles, done)
    done.applied = Applied(conversation_id, wants.name, wants.class_id, tuple(people))
    if wants.name and applied and applied.name and applied.name != wants.name:
        done.name = wants.name
    if wants.class_id and wants.class_id != class_id:
        done.class_id = wants.class_id
    return done


def _bring(
    person: Person,
    role: Role,
    has: AppliedPerson | None,
    present: Mapping[str, Membership],
    roles: dict[str, Role],
    done: Steps,
) -> AppliedPerson:
    """Of one person who is wanted in the group; gives what is noted of them. `has`: as of last time."""
    noted = AppliedPerson(person.user_id, person.user_name, role)
    in_group = present.get(person.user_id)
    if has is None and in_group is None:
        done.added.append((person, role))
        roles[person.user_id] = role
    if has is None or in_group is None:
        return noted
    if has.user_name != person.user_name:
        done.renamed.append(person)
    if has.role is role or in_group.role is not has.role:
        return noted
    if role is not Role.ADMIN and _is_last_admin(person.user_id, roles):
        return AppliedPerson(person.user_id, person.user_name, has.role, is_kept=True)
    done.changed.append((person, role))
    roles[person.user_id] = role
    return noted


def _remove(
    leaving: Mapping[str, AppliedPerson], roles: dict[str, Role], done: Steps
) -> list[AppliedPerson]:
    """Gives who stays, because the group has no other Admin."""
    kept = []
    for user_id, one in sorted(leaving.items()):
        if user_id not in roles:
            continue
        if _is_last_admin(user_id, roles):
            kept.append(AppliedPerson(user_id, one.user_name, one.role, is_kept=True))
        else:
            done.removed.append(Person(user_id, one.user_name))
            del roles[user_id]
    return kept


def _is_last_admin(user_id: str, roles: Mapping[str, Role]) -> bool:
    return [one for one, role in roles.items() if role is Role.ADMIN] == [user_id]
