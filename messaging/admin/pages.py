"""The door to a conversation's messages, for who may see the conversation."""

from typing import cast

import pymongo
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from conversations.selectors import settings_and_version
from conversations.values import ConversationSettings
from messaging.admin.reading import message_page
from messaging.history import MAX_SEQ
from staff.scope import scope_of

SECONDS = 4.0
SEES = "conversations.view_conversation"
SEES_HISTORY = "conversations.change_conversation"
"""What a message said before its edits is for those who may change the conversation."""


def conversation_messages(request: HttpRequest, conversation_id: str) -> HttpResponse:
    """`?before=N` and `?after=N` are numbers of messages; anything else begins at the newest."""
    user = cast(User, request.user)
    if not user.has_perm(SEES):
        raise PermissionDenied
    with pymongo.timeout(SECONDS):
        conversation = _conversation(request, conversation_id)
        page = message_page(
            conversation.id,
            before_seq=_number(request, "before"),
            after_seq=_number(request, "after"),
            shows_history=user.has_perm(SEES_HISTORY),
        )
    context = {
        **admin.site.each_context(request),
        "title": f"Messages: {conversation.name}",
        "conversation": conversation,
        "page": page,
    }
    return TemplateResponse(request, "messaging/conversation_messages.html", context)


def _conversation(request: HttpRequest, conversation_id: str) -> ConversationSettings:
    """Of another school it is as if it were not there."""
    found = settings_and_version([conversation_id]).get(conversation_id)
    if found is None or not scope_of(request).covers(found.tenant_id):
        raise Http404("There is no such conversation.")
    return found


def _number(request: HttpRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    is_number = given.isascii() and given.isdecimal() and len(given) <= len(str(MAX_SEQ))
    return min(int(given), MAX_SEQ) if is_number else None
