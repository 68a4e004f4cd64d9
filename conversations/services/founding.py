"""The five types of conversations: how each begins (contract section 6).

Founding is all or nothing. Who founds again what is one of its kind gets the one that is there,
as it is; with `conversation_id` or `request` given, any founding can be repeated in the same way.
All raise InvalidRequest for ids and names that are none, and Unprocessable for another `request`
under the same idempotency key.
"""

from collections.abc import Iterable

from chat_project.api.errors import InvalidRequest
from chat_project.identifiers import canonical_id
from conversations import policies
from conversations.erased import neutral_people
from conversations.services.erasure import erased_among
from conversations.services.opening import Founded, Plan, open_conversation
from conversations.services.people import canonical_people, canonical_person, check
from conversations.services.repetition import KeyedRequest
from conversations.values import ConversationType, Person, Role


def create_one_to_one(
    tenant_id: str,
    founder: Person,
    other: Person,
    *,
    conversation_id: str | None = None,
    request: KeyedRequest | None = None,
) -> Founded:
    """One per pair and tenant, whoever of the two asks; both are Members.

    Raises InvalidRequest `two_users_required` when both are the same user.
    """
    people = [canonical_person(founder), canonical_person(other, "otherUserId", "otherUserName")]
    erased = erased_among(canonical_id(tenant_id), [person.user_id for person in people])
    people = neutral_people(people, erased)
    first_id, second_id = sorted(person.user_id for person in people)
    if first_id == second_id:
        raise _required("A OneToOne needs two different users", "two_users_required", "otherUserId")
    return open_conversation(
        Plan(
            tenant_id=tenant_id,
            type=ConversationType.ONE_TO_ONE,
            name=policies.one_to_one_name(people[0].user_name, people[1].user_name),
            created_by=people[0].user_id,
            key=f"pair:{canonical_id(tenant_id)}:{first_id}:{second_id}",
            conversation_id=conversation_id,
            request=request,
        ),
        [(Role.MEMBER, people)],
    )


def create_student_group(
    tenant_id: str,
    student_id: str,
    student_name: str,
    *,
    parents: Iterable[Person],
    teachers: Iterable[Person] = (),
    created_by: str,
    class_id: str | None = None,
    conversation_id: str | None = None,
    request: KeyedRequest | None = None,
) -> Founded:
    """One per student and tenant. Its teachers are the Admins; without any, its parents are.

    Raises InvalidRequest `parent_required` without a parent.
    """
    parents = canonical_people(parents, "parents")
    teachers = canonical_people(teachers, "teachers")
    if not parents:
        raise _required("A student group needs a parent", "parent_required", "parents")
    check(policies.check_id(student_id, "studentId"))
    check(policies.check_id(class_id, "classId") if class_id is not None else None)
    check(policies.check_name(student_name, "studentName"))
    plan = student_group_plan(
        tenant_id,
        student_id,
        student_name,
        created_by=created_by,
        class_id=class_id,
        conversation_id=conversation_id,
        request=request,
    )
    return open_conversation(
        plan, [(Role.ADMIN, teachers), (Role.MEMBER if teachers else Role.ADMIN, parents)]
    )


def student_group_plan(
    tenant_id: str,
    student_id: str,
    student_name: str,
    *,
    created_by: str,
    class_id: str | None,
    conversation_id: str | None = None,
    request: KeyedRequest | None = None,
) -> Plan:
    """Of ids and a name that were checked."""
    return Plan(
        tenant_id=tenant_id,
        type=ConversationType.STUDENT_GROUP,
        name=policies.student_group_name(student_name.strip()),
        created_by=created_by,
        student_id=canonical_id(student_id),
        class_id=None if class_id is None else canonical_id(class_id),
        key=student_group_key(tenant_id, student_id),
        conversation_id=conversation_id,
        request=request,
    )


def student_group_key(tenant_id: str, student_id: str) -> str:
    return f"student:{canonical_id(tenant_id)}:{canonical_id(student_id)}"


def create_class_group(
    tenant_id: str,
    class_id: str,
    class_name: str,
    *,
    teachers: Iterable[Person],
    members: Iterable[Person] = (),
    created_by: str,
    conversation_id: str | None = None,
    request: KeyedRequest | None = None,
) -> Founded:
    """Its teachers are the Admins. Raises InvalidRequest `teacher_required` without one."""
    teachers = canonical_people(teachers, "teachers")
    if not teachers:
        raise _required("A class group needs a teacher", "teacher_required", "teachers")
    check(policies.check_id(class_id, "classId"))
    check(policies.check_name(class_name, "className"))
    return open_conversation(
        Plan(
            tenant_id=tenant_id,
            type=ConversationType.CLASS_GROUP,
            name=policies.class_group_name(class_name.strip()),
            created_by=created_by,
            class_id=canonical_id(class_id),
            conversation_id=conversation_id,
            request=request,
        ),
        [(Role.ADMIN, teachers), (Role.MEMBER, canonical_people(members, "members"))],
    )


def create_teacher_group(
    tenant_id: str,
    name: str,
    *,
    founder: Person,
    teachers: Iterable[Person] = (),
    conversation_id: str | None = None,
    request: KeyedRequest | None = None,
) -> Founded:
    """The founder is its Admin, the other teachers are Members."""
    check(policies.check_name(name))
    return open_conversation(
        Plan(
            tenant_id=tenant_id,
            type=ConversationType.TEACHER_GROUP,
            name=name.strip(),
            created_by=founder.user_id,
            conversation_id=conversation_id,
            request=request,
        ),
        [
            (Role.ADMIN, [canonical_person(founder)]),
            (Role.MEMBER, canonical_people(teachers, "teachers")),
        ],
    )


def create_announcement_channel(
    tenant_id: str,
    name: str,
    *,
    founder: Person,
    staff: Iterable[Person] = (),
    parents: Iterable[Person] = (),
    conversation_id: str | None = None,
    request: KeyedRequest | None = None,
) -> Founded:
    """The founder is its Admin, other staff are Members, parents only read."""
    check(policies.check_name(name))
    return open_conversation(
        Plan(
            tenant_id=tenant_id,
            type=ConversationType.ANNOUNCEMENT_CHANNEL,
            name=name.strip(),
            created_by=founder.user_id,
            conversation_id=conversation_id,
            request=request,
        ),
        [
            (Role.ADMIN, [canonical_person(founder)]),
            (Role.MEMBER, canonical_people(staff, "staff")),
            (Role.READ_ONLY, canonical_people(parents, "parents")),
        ],
    )


def _required(problem: str, code: str, field: str) -> InvalidRequest:
    return InvalidRequest(problem, code=code, details={"field": field})
