"""A school as people know one, made through the product's own doors."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
from django.contrib.auth.models import User

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.settings.environment import environment
from conversations import services
from conversations.values import ConversationSettings, Person, Role
from staff.roles import StaffRole, appoint
from tests.consumers.events import event
from tests.product import Product
from tests.waiting import wait_until

PASSWORD = "một-mật-khẩu-dài-4711"
ATTACK = "<script>alert('name')</script><img src=x onerror=alert('img')>"

CHAT = [
    ("teacher", "Chào cả nhà, thứ Sáu này lớp mình họp phụ huynh lúc 19 giờ ạ."),
    ("mother", "Dạ, cô cho em hỏi họp ở phòng nào ạ?"),
    ("teacher", "Phòng 204, tòa nhà B ạ."),
    ("father", "Gia đình mình sẽ đến đúng giờ. Cảm ơn cô!"),
    ("teacher", "Bài tập Toán tuần này: trang 45, bài 3 đến bài 7."),
    ("mother", "Cháu làm xong rồi cô ạ."),
]
numbers = itertools.count(1)


@dataclass
class School:
    """Its conversations, its people, and who works in the admin for it."""

    product: Product
    tenant_id: str
    teacher: Person
    mother: Person
    father: Person
    student_id: str
    class_id: str
    staff: str
    administrator: str
    password: str = PASSWORD
    student_group: Any = None
    class_group: Any = None
    teachers: Any = None
    channel: Any = None
    message_ids: list[str] = field(default_factory=list)

    def say(self, who: Person, room: str, text: str, **more: Any) -> str:
        """Sends a text as this person; gives its id when it is stored."""
        body = {
            "conversationId": room,
            "senderId": who.user_id,
            "senderName": who.user_name,
            "content": text,
            "mentions": [],
            **more,
        }
        answer = self.call(who, "POST", "/api/v1/messages/text", json=body)
        message_id: str = answer["messageId"]
        messages = collection("messages")
        wait_until(lambda: messages.find_one({"_id": message_id}), "a stored message")
        return message_id

    def call(self, who: Person, method: str, path: str, **options: Any) -> Any:
        token = self._token(who)
        answer = httpx.request(
            method,
            f"{self.product.url}{path}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            **options,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def _token(self, who: Person) -> str:
        claims = {
            "UserId": who.user_id,
            "TenantId": self.tenant_id,
            "name": who.user_name,
            "iss": environment().jwt_issuer,
            "aud": environment().jwt_audience,
            "exp": datetime.now(UTC) + timedelta(hours=1),
        }
        return jwt.encode(claims, environment().jwt_secret or "", "HS256")

    def may_send(self, who: Person, room: str) -> bool:
        """As the API judges it now."""
        token = self._token(who)
        body = {
            "conversationId": room,
            "senderId": who.user_id,
            "senderName": who.user_name,
            "content": "Có ai không ạ?",
            "mentions": [],
        }
        answer = httpx.post(
            f"{self.product.url}/api/v1/messages/text",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        assert answer.status_code in {200, 403, 409}, answer.text
        return answer.status_code == 200

    def new_group(self, name: str) -> ConversationSettings:
        return services.create_teacher_group(
            self.tenant_id, name, founder=self.teacher, teachers=[self.mother]
        ).settings

    def dead_letter(self, text: str) -> tuple[str, str]:
        """A message into a conversation that is not there: the letter's id and the conversation's."""
        room = new_id()
        body = event(
            room,
            tenant_id=self.tenant_id,
            senderId=self.teacher.user_id,
            senderName=self.teacher.user_name,
            content=text,
        )
        self.product.pipeline.produce([body])
        letters = collection("dead_letters")
        query = {"messageId": body["messageId"], "kept": {"$exists": True}}  # in Kafka, too
        letter: Any = wait_until(lambda: letters.find_one(query), "a dead letter")
        return letter["_id"], room


def make_school(product: Product, tenant_id: str | None = None) -> School:
    """With conversations of every type, one archived, and messages."""
    number = next(numbers)
    tenant_id = tenant_id or f"thpt-le-quy-don-{new_id()[-6:]}"
    made = School(
        product=product,
        tenant_id=tenant_id,
        teacher=Person(f"{tenant_id}-gv-01", "Nguyễn Thị Thu Thủy"),
        mother=Person(f"{tenant_id}-ph-01", "Hoàng Thị Lan"),
        father=Person(f"{tenant_id}-ph-02", "Nguyễn Văn Hùng"),
        student_id=f"{tenant_id}-hs-2031",
        class_id=f"{tenant_id}-10a1",
        staff=_user(tenant_id, StaffRole.STAFF, f"van-phong-{number}-{new_id()[-6:]}"),
        administrator=_user(
            tenant_id, StaffRole.ADMINISTRATOR, f"quan-tri-{number}-{new_id()[-6:]}"
        ),
    )
    _found(made)
    for who, text in CHAT:
        person: Person = getattr(made, who)
        made.message_ids.append(made.say(person, made.student_group.id, text))
    return made


def _user(tenant_id: str, role: StaffRole, name: str) -> str:
    user = User.objects.create_user(name, password=PASSWORD, first_name="Văn phòng")
    appoint(user, tenant_id, role)
    return name


def _found(school: School) -> None:
    head = Person(f"{school.tenant_id}-ht", "Trần Thị Hồng Nhung")
    others = [
        Person(f"{school.tenant_id}-gv-02", "Lê Văn Dũng"),
        Person(f"{school.tenant_id}-gv-03", "Phạm Thị Tuyết Mai"),
    ]
    school.channel = services.create_announcement_channel(
        school.tenant_id,
        "Thông báo của nhà trường",
        founder=head,
        staff=[school.teacher, *others],
        parents=[school.mother, school.father],
    ).settings
    school.class_group = services.create_class_group(
        school.tenant_id,
        school.class_id,
        "10A1",
        teachers=[school.teacher, others[0]],
        members=[school.mother, school.father],
        created_by=head.user_id,
    ).settings
    school.student_group = services.create_student_group(
        school.tenant_id,
        school.student_id,
        "Nguyễn Minh Anh",
        parents=[school.mother, school.father],
        teachers=[school.teacher],
        created_by=head.user_id,
        class_id=school.class_id,
    ).settings
    school.teachers = services.create_teacher_group(
        school.tenant_id, "Tổ Toán - Tin", founder=head, teachers=[school.teacher, *others]
    ).settings
    services.create_one_to_one(school.tenant_id, school.teacher, school.mother)
    old = services.create_teacher_group(
        school.tenant_id, "Kế hoạch năm học trước", founder=head, teachers=others
    ).settings
    services.archive(old.id)
    services.add_participants(school.teachers.id, [school.father], Role.READ_ONLY)
