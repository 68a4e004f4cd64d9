"""What Django's own log kept of changes in the admin loses an erased person's name."""

import json
from collections.abc import Iterator

import pytest
from bson import ObjectId
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers.erasure.notes import blank_admin_log
from consumers.tenants import Subject
from conversations import services
from conversations.erased import ERASED_NAME
from conversations.models import Conversation, Participant
from conversations.services import retention
from conversations.values import Person, Role
from tests.retention.erasures import HER, Erasure
from tests.retention.lives import MakeConversation

NAME = "Nguyễn Thị Zqngà"


@pytest.fixture
def by(database: None) -> Iterator[User]:
    user = User.objects.create_superuser(new_id())
    yield user
    LogEntry.objects.filter(user=user).delete()


def test_names_go_from_its_texts_and_from_its_json(by: User) -> None:
    tenant_id, founder = new_id(), Person(new_id(), "Lê Hoa")
    group = services.create_teacher_group(tenant_id, "Tổ Toán", founder=founder).settings
    services.add_participants(group.id, [Person(HER, NAME)], Role.MEMBER)
    conversation = Conversation.objects.get(pk=group.id)
    participant = Participant.objects.get(conversation_id=group.id, user_id=HER)
    added = [{"added": {"name": "participant", "object": str(participant)}}]
    record(by, [conversation], CHANGE, added)
    services.remove_participant(group.id, HER)
    record(by, [participant], DELETION, "")
    record(by, [conversation], CHANGE, f"Gọi {NAME} là Zq.")
    record(by, [by], CHANGE, f"Changed by {NAME}.")
    assert NAME not in raw(by)[0]["change_message"], "its letters are escapes"

    assert blank_admin_log(Subject(tenant_id, HER), {NAME}) == 3

    in_json, removed, in_text, of_a_user = raw(by)
    told = [{"added": {"name": "participant", "object": f"{ERASED_NAME} (Member)"}}]
    assert json.loads(in_json["change_message"]) == told
    assert removed["object_repr"] == f"{ERASED_NAME} (Member)"
    assert in_text["change_message"] == f"Gọi {ERASED_NAME} là Zq."
    assert of_a_user["change_message"] == f"Changed by {NAME}."
    assert blank_admin_log(Subject(tenant_id, HER), {NAME}) == 0


def record(by: User, things: list[object], flag: int, message: object) -> None:
    """As Django's admin did."""
    LogEntry.objects.log_actions(by.pk, things, flag, message, single_object=True)  # type: ignore[arg-type]  # of several models


def raw(by: User) -> list[dict[str, str]]:
    """The stored entries, oldest first."""
    return list(collection("django_admin_log").find({"user_id": by.pk}).sort("_id", 1))


def test_an_erasure_cleans_it_once_nothing_is_held_back(
    conversation: MakeConversation, erasure: Erasure
) -> None:
    room = conversation(names={HER: NAME})
    kind = ObjectId()
    collection("django_content_type").insert_one({"_id": kind, "app_label": "conversations"})
    entry = {"content_type_id": kind, "object_repr": f"{NAME} (Member)", "change_message": ""}
    collection("django_admin_log").insert_one(entry)
    retention.hold(room, by="Mai", reason="a court")

    erasure.run()
    assert shown() == f"{NAME} (Member)"

    retention.release(room, by="Mai", reason=None)
    erasure.run()
    assert shown() == f"{ERASED_NAME} (Member)"


def shown() -> str:
    found = collection("django_admin_log").find_one({}) or {}
    return str(found["object_repr"])
