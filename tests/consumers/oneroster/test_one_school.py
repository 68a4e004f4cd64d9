"""Files of a whole district: one of its schools is chosen, and nobody else comes into the tenant."""

import pytest

from consumers.errors import Refused
from tests.consumers.oneroster.school_files import (
    CLASSES,
    ENROLLMENTS,
    USERS,
    WHOLE,
    KnownBefore,
    Write,
    planned,
)

ORGS = """\
sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
d-1,,,District,district,,
org-1,,,First,school,,d-1
"""
SECOND = "org-2,,,Second,school,,d-1\n"
OTHERS = """\
t-8,,,true,org-2,teacher,hoa,,Hoa,Lý,,,,,,,,
s-8,,,true,org-2,student,em,,Em,Lý,,,,,,p-8,9,
p-8,,,true,"org-2,d-1",parent,tam,,Tâm,Lý,,,,,,s-8,,
"""
THEIR_CLASS = "8B,,,Lớp 8B,8,c-1,,homeroom,,org-2,y-1,,,\n"
ENROLLED = """\
e-8,,,8B,org-2,t-8,teacher,true,,
e-9,,,8B,org-2,s-8,student,,,
"""


@pytest.mark.parametrize(
    "files",
    [
        {"orgs": ORGS + SECOND},
        {"users": USERS + OTHERS.replace(",d-1", "")},
        {"classes": CLASSES + THEIR_CLASS},
        {"users": "sourcedId\n", "classes": "", "enrollments": ENROLLMENTS + ENROLLED},
    ],
    ids=["orgs", "users", "classes", "enrollments alone"],
)
def test_files_of_several_schools_are_refused_until_one_is_chosen(
    write: Write, files: dict[str, str]
) -> None:
    folder = write(**{"users": USERS, "enrollments": ENROLLMENTS, "classes": CLASSES} | files)

    with pytest.raises(Refused, match=r"2 schools \(org-1, org-2\): choose one with --org"):
        planned(folder)


@pytest.mark.parametrize(("org", "people"), [("org-1", ["t-1", "s-1"]), ("org-2", ["t-8", "s-8"])])
def test_only_people_and_classes_of_the_chosen_school_are_taken(
    write: Write, org: str, people: list[str]
) -> None:
    folder = write(
        users=USERS + OTHERS,
        enrollments=ENROLLMENTS + ENROLLED,
        classes=CLASSES + THEIR_CLASS,
        orgs=ORGS + SECOND,
    )
    known = KnownBefore({("9A", "t-1"), ("8B", "t-8")})

    made = planned(folder, org=org, known=known)

    events = [each.event for each in made.events]
    found = [
        getattr(each, "teacher_id", None) or getattr(each, "student_id", None) for each in events
    ]
    assert found == people
    assert (made.refusals, made.removed, made.elsewhere) == ([], [], 1)


def test_a_district_around_one_school_is_none_more(write: Write) -> None:
    users = USERS.replace("true,org-1,parent", 'true,"org-1,d-1",parent')
    folder = write(users=users, enrollments=ENROLLMENTS, classes=CLASSES, orgs=ORGS)

    assert [(each.key, each.event) for each in planned(folder).events] == WHOLE


def test_a_school_that_the_files_do_not_know_is_refused(write: Write) -> None:
    with pytest.raises(Refused, match="--org 'org-9' is not in the files, they are of 1 schools"):
        planned(write(users=USERS, enrollments=ENROLLMENTS), org="org-9")
