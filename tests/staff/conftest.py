"""Two schools with a conversation each, and people who work in the admin for them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.timestamps import now
from conversations import services
from conversations.models import Participant
from conversations.values import ConversationSettings, Person
from staff.roles import StaffRole, appoint

CONVERSATIONS = "/admin/conversations/conversation/"
PARTICIPANTS = "/admin/conversations/participant/"
LETTERS = "/admin/consumers/deadletter/"
AUDIT = "/admin/staff/auditentry/"
USERS = "/admin/auth/user/"

SignIn = Callable[..., Client]


def person(name: str = "Lê Văn Dũng") -> Person:
    return Person(new_id(), name)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def make_user(tenant_id: str | None, role: StaffRole = StaffRole.STAFF) -> User:
    """Of this school; without one a superuser."""
    if tenant_id is None:
        return User.objects.create_superuser(new_id())
    user = User.objects.create_user(new_id())
    appoint(user, tenant_id, role)
    return user


@dataclass(frozen=True)
class School:
    tenant_id: str
    group: ConversationSettings
    teacher: Person
    letter_id: str
    entry_id: Any
    user: User

    @property
    def participant_id(self) -> str:
        found = Participant.objects.get(conversation_id=self.group.id, user_id=self.teacher.user_id)
        return str(found.pk)


def make_school(teacher_name: str) -> School:
    tenant_id, teacher = new_id(), person(teacher_name)
    group = services.create_teacher_group(
        tenant_id, f"Tổ Toán {new_id()}", founder=teacher
    ).settings
    entry: dict[str, Any] = {
        "at": now(),
        "by": "somebody",
        "action": "rename conversation",
        "target": group.id,
        "tenantId": tenant_id,
        "details": {"before": {"name": "a"}, "after": {"name": "b"}},
    }
    entry_id = collection("audit_log").insert_one(entry).inserted_id
    return School(
        tenant_id=tenant_id,
        group=group,
        teacher=teacher,
        letter_id=make_letter(tenant_id, group.id),
        entry_id=entry_id,
        user=make_user(tenant_id),
    )


def make_letter(tenant_id: str | None, conversation_id: str, **fields: Any) -> str:
    """An open dead letter whose record no topic has."""
    offset = int(new_id().replace("-", "")[:15], 16)
    letter: dict[str, Any] = {
        "_id": f"9:0:{offset}",
        "reason": "unknown_conversation",
        "error": "no such conversation",
        "at": now(),
        "topic": "a-topic",
        "partition": 0,
        "offset": offset,
        "messageId": new_id(),
        "conversationId": conversation_id,
        **({} if tenant_id is None else {"tenantId": tenant_id}),
        **fields,
    }
    collection("dead_letters").insert_one(letter)
    return str(letter["_id"])


@pytest.fixture
def own(database: None) -> School:
    return make_school("Phạm Thị Tuyết Mai")


@pytest.fixture
def foreign(database: None) -> School:
    return make_school("Hoàng Gia Khánh")


@pytest.fixture
def staff(own: School) -> Client:
    """Signed in as staff of `own`."""
    return signed_in(own.user)


@pytest.fixture
def superuser(database: None) -> Client:
    return signed_in(make_user(None))


def listed(client: Client, path: str, **query: str) -> list[str]:
    """The keys of a list, as texts."""
    response = client.get(path, query)
    assert response.status_code == 200, response
    return [str(one.pk) for one in response.context["cl"].result_list]


def audited(target: str) -> list[dict[str, Any]]:
    """What the audit log has of it, oldest first."""
    return list(collection("audit_log").find({"target": target}).sort("at", 1))
