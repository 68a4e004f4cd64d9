"""One school of files that may tell of several: a tenant is one school."""

from consumers.errors import Refused
from consumers.oneroster.school import Enrolment, Member, School

SHOWN = 10
"""Schools that a refusal names."""


def only_one_school(school: School, org: str | None) -> None:
    """Takes out of it what is of another school than `org`. Raises Refused for files of several
    schools without an `org`, and for one that the files do not know."""
    mentioned = _mentioned(school)
    if org is None:
        schools = {each for each, is_school in school.orgs.items() if is_school}
        schools |= {each for each in mentioned if school.orgs.get(each, True)}
        if len(schools) > 1:
            raise Refused(f"the files are of {_shown(schools)}: choose one with --org SOURCEDID")
        return
    known = mentioned | school.orgs.keys()
    if org not in known:
        raise Refused(f"--org {org!r} is not in the files, they are of {_shown(known)}")
    _take_out(school, org)


def _mentioned(school: School) -> set[str]:
    found = set(school.class_orgs.values())
    for member in school.members.values():
        found.update(member.orgs)
    return found or {each.org for each in school.enrolments if each.org}


def _shown(orgs: set[str]) -> str:
    some = ", ".join(sorted(orgs)[:SHOWN])
    return f"{len(orgs)} schools ({some}{', …' if len(orgs) > SHOWN else ''})"


def _take_out(school: School, org: str) -> None:
    """Teachers and parents are people of the school by its classes and students."""
    students = [each for each in school.members.values() if each.role == "student"]
    elsewhere = {each.user_id for each in students if not _is_of(each, org)}
    school.elsewhere = elsewhere
    school.members = {id_: each for id_, each in school.members.items() if id_ not in elsewhere}
    school.deleted = {id_: each for id_, each in school.deleted.items() if _is_of(each, org)}
    school.enrolments = [each for each in school.enrolments if _is_in(each, org, school)]
    if school.classes is not None:
        school.classes = {
            class_id: is_homeroom
            for class_id, is_homeroom in school.classes.items()
            if school.class_orgs.get(class_id) == org
        }


def _is_of(member: Member, org: str) -> bool:
    return org in member.orgs


def _is_in(enrolment: Enrolment, org: str, school: School) -> bool:
    if enrolment.user_id in school.elsewhere:
        return False
    own = school.class_orgs.get(enrolment.class_id, enrolment.org)
    if own is not None:
        return own == org
    member = school.members.get(enrolment.user_id)
    return member is not None and _is_of(member, org)
