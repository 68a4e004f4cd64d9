"""The admin's page of a conversation: its form as a browser sends it, and what is stored."""

from typing import Any

from django.test import Client

from chat_project.mongodb import collection
from conversations import cache
from conversations.cache import Found, Lookup
from conversations.models import Participant
from conversations.values import ConversationSettings, Person
from tests import admin_forms

LIST = "/admin/conversations/conversation/"


def page_of(conversation: ConversationSettings) -> str:
    return f"{LIST}{conversation.id}/change/"


def found(conversation: ConversationSettings, user: Person) -> Found:
    return cache.look_up([Lookup(conversation.id, user.user_id)])[0]


def document(conversation: ConversationSettings) -> dict[str, Any]:
    return collection("conversations").find_one({"_id": conversation.id}) or {}


def form_of(staff: Client, conversation: ConversationSettings) -> dict[str, Any]:
    return admin_forms.form_of(staff, page_of(conversation))


def row_of(form: dict[str, Any], conversation: ConversationSettings, user: Person) -> str:
    """The prefix of this participant's row."""
    row = Participant.objects.get(conversation_id=conversation.id, user_id=user.user_id)
    name = next(name for name, value in form.items() if str(value) == str(row.pk))
    return name.removesuffix("-id")
