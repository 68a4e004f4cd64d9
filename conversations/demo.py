"""Two schools to try things with: all types of conversations, every role, one archived."""

from collections.abc import Iterator, Sequence

import msgspec

from conversations import services
from conversations.values import ConversationSettings, Person


class School(msgspec.Struct, frozen=True):
    """A tenant of the demo. Its first teacher is the head of the class, its first person the head."""

    number: int
    class_name: str
    student: Person
    head: Person
    teachers: Sequence[Person]
    parents: Sequence[Person]

    @property
    def tenant_id(self) -> str:
        return f"school-{self.number}"

    @property
    def people(self) -> list[Person]:
        return [self.head, *self.teachers, *self.parents]

    def conversation_id(self, number: int) -> str:
        """The same at every run, so that seeding again finds what is there."""
        return f"0199aaaa-{self.number:04d}-7000-8000-{number:012d}"


def _school(
    number: int,
    class_name: str,
    student: str,
    head: str,
    teachers: Sequence[str],
    parents: Sequence[str],
) -> School:
    def person(kind: str, name: str) -> Person:
        return Person(f"school-{number}-{kind}", name)

    return School(
        number=number,
        class_name=class_name,
        student=person("student-1", student),
        head=person("head", head),
        teachers=[person(f"teacher-{n}", name) for n, name in enumerate(teachers, 1)],
        parents=[person(f"parent-{n}", name) for n, name in enumerate(parents, 1)],
    )


SCHOOLS = (
    _school(
        1,
        "10A1",
        "Nguyễn Minh Anh",
        "Trần Thị Hồng Nhung",
        ["Lê Văn Dũng", "Phạm Thị Tuyết Mai", "Đỗ Quang Huy"],
        ["Nguyễn Văn Hùng", "Hoàng Thị Lan", "Vũ Đức Thắng", "Bùi Thị Ngọc Ánh"],
    ),
    _school(
        2,
        "6B",
        "Đặng Gia Bảo",
        "Võ Thành Long",
        ["Nguyễn Thị Thu Thủy", "Trương Công Định", "Lý Thị Kim Oanh"],
        ["Đặng Quốc Việt", "Phan Thị Bích Hằng", "Huỳnh Tấn Phát", "Mai Thị Xuân Quỳnh"],
    ),
)


def seed(school: School) -> list[ConversationSettings]:
    """Founds what is not there yet; gives all conversations as they are now."""
    founded = [one.settings for one in _found(school)]
    over = services.create_teacher_group(
        school.tenant_id,
        "Kế hoạch năm học trước",
        founder=school.head,
        teachers=school.teachers,
        conversation_id=school.conversation_id(6),
    ).settings
    return [*founded, services.archive(over.id) if over.is_active else over]


def _found(school: School) -> Iterator[services.Founded]:
    teacher, parent = school.teachers[0], school.parents[0]
    yield services.create_one_to_one(
        school.tenant_id, teacher, parent, conversation_id=school.conversation_id(1)
    )
    yield services.create_student_group(
        school.tenant_id,
        school.student.user_id,
        school.student.user_name,
        parents=school.parents[:2],
        teachers=school.teachers[:1],
        created_by=school.head.user_id,
        conversation_id=school.conversation_id(2),
    )
    yield services.create_class_group(
        school.tenant_id,
        f"{school.tenant_id}-class-{school.class_name}",
        school.class_name,
        teachers=school.teachers[:2],
        members=school.parents,
        created_by=school.head.user_id,
        conversation_id=school.conversation_id(3),
    )
    yield services.create_teacher_group(
        school.tenant_id,
        "Tổ Toán - Tin",
        founder=school.head,
        teachers=school.teachers,
        conversation_id=school.conversation_id(4),
    )
    yield services.create_announcement_channel(
        school.tenant_id,
        "Thông báo của nhà trường",
        founder=school.head,
        staff=school.teachers,
        parents=school.parents,
        conversation_id=school.conversation_id(5),
    )
