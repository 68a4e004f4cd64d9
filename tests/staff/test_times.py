"""Times in the admin: of the zone that TIME_ZONE names, in one form, and the page says which."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chat_project.mongodb import collection
from tests.staff.conftest import (
    AUDIT,
    CONVERSATIONS,
    LETTERS,
    PARTICIPANTS,
    USERS,
    School,
    make_letter,
)

AT = datetime(2026, 11, 27, 18, 44, 59, tzinfo=UTC)
SHOWN = {"UTC": "2026-11-27 18:44", "Asia/Ho_Chi_Minh": "2026-11-28 01:44"}
OTHER_FORMS = re.compile(r">[^<]*(\d{4}-\d\d-\d\dT\d\d|[ap]\.m\.|\d\d:\d\d:\d\d)[^<]*<")


@pytest.fixture
def letter(own: School) -> str:
    """Of a school where everything happened at AT."""
    own.user.last_login = AT
    own.user.save(update_fields=["last_login"])
    last = {"senderName": "Lan", "content": "Chào", "sentAt": AT, "seq": 1}
    collection("conversations").update_one(
        {"_id": own.group.id}, {"$set": {"lastMessage": last, "createdAt": AT, "updatedAt": AT}}
    )
    collection("participants").update_many(
        {"conversationId": own.group.id}, {"$set": {"joinedAt": AT, "readAt": AT}}
    )
    collection("audit_log").update_one({"_id": own.entry_id}, {"$set": {"at": AT}})
    collection("messages").insert_one(
        {
            "_id": own.group.id,
            "conversationId": own.group.id,
            "seq": 1,
            "content": "Chào",
            "senderId": "a",
            "senderName": "Lan",
            "type": "Text",
            "sentAt": AT,
        }
    )
    return make_letter(own.tenant_id, own.group.id, at=AT)


@pytest.mark.parametrize("zone", SHOWN)
def test_every_page_shows_the_zone_and_one_form(
    superuser: Client, own: School, letter: str, settings: Any, zone: str
) -> None:
    settings.ADMIN_TIME_ZONE = zone
    page = f"{CONVERSATIONS}{own.group.id}/"
    pages = [
        f"{CONVERSATIONS}?q={own.group.id}",
        f"{page}change/",
        f"{page}messages/",
        f"{PARTICIPANTS}?conversation__id__exact={own.group.id}",
        f"{PARTICIPANTS}{own.participant_id}/change/",
        f"{LETTERS}?q={letter}",
        f"{LETTERS}{letter}/change/",
        f"{AUDIT}?q={own.group.id}",
        f"{AUDIT}{own.entry_id}/change/",
        f"{USERS}?q={own.user.username}",
    ]
    for path in pages:
        text = superuser.get(path).content.decode()

        assert SHOWN[zone] in text, path
        assert f"Times are in the zone {zone}." in text, path
        assert OTHER_FORMS.findall(text) == [], path
    assert timezone.get_current_timezone_name() == "UTC", "after the page, as before it"


def test_the_start_page_names_the_zone_too(staff: Client) -> None:
    assert "Times are in the zone UTC." in staff.get("/admin/").content.decode()
