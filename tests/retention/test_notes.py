"""What an erasure takes out of the audit log: by ids, and out of texts by names; the entries stay."""

from typing import Any

import pytest

from chat_project import audit_log
from chat_project.mongodb import collection
from consumers.erasure.holds import Holds
from consumers.erasure.notes import blank_audit_log
from consumers.tenants import Subject
from conversations.erased import ERASED_NAME
from conversations.services import retention
from tests.retention.lives import MakeConversation

HER = "user-zq"
NAME = "Trần Thị Zqngà"
NAMES = {NAME, "Zq"}
SAID = "zqbimat"
ROOM = "0199aaaa-0001-7000-8000-00000000000a"

Details = dict[str, Any]


@pytest.fixture(autouse=True)
def room(own_database: str, conversation: MakeConversation) -> str:
    return conversation(conversation_id=ROOM)


def note(action: str, target: str, details: Details, tenant_id: str | None = "tenant-1") -> Any:
    return audit_log.note(action, target=target, details=details, by="Mai", tenant_id=tenant_id)


def details_of(entry_id: Any) -> Details:
    found: Details = (collection("audit_log").find_one({"_id": entry_id}) or {})["details"]
    return found


def blank(holds: Holds | None = None) -> int:
    return blank_audit_log(Subject("tenant-1", HER), NAMES, holds or Holds(()))


def message(**fields: Any) -> Details:
    """Of somebody else, as a repair notes it."""
    own = {"tenantId": "tenant-1", "conversationId": ROOM, "senderId": "user-2"}
    return {"type": "Text", **own, "senderName": "Lê Hoa", "content": "vâng", **fields}


BY_STAFF: dict[str, tuple[Details, Details]] = {
    "a participant": (
        {"after": {"userId": HER, "userName": NAME, "role": "Member"}},
        {"after": {"userId": HER, "role": "Member"}},
    ),
    "an earlier name": (
        {"before": {"name": f"Nhóm của {NAME}"}, "after": {"name": "Tổ Toán"}},
        {"before": {"name": f"Nhóm của {ERASED_NAME}"}, "after": {"name": "Tổ Toán"}},
    ),
}


@pytest.mark.parametrize(("told", "left"), BY_STAFF.values(), ids=BY_STAFF.keys())
def test_what_staff_changed(told: Details, left: Details) -> None:
    entry = note("a change", ROOM, told)

    assert blank() == 1

    assert details_of(entry) == left
    assert blank() == 0


REPAIRS: dict[str, tuple[Details, Details]] = {
    "her message": (
        message(senderId=HER, senderName=NAME, content=SAID, seq=3),
        {"type": "Text", "tenantId": "tenant-1", "conversationId": ROOM, "senderId": HER, "seq": 3},
    ),
    "the last message": (
        {"lastSeq": 3, "lastMessage": {"senderId": HER, "senderName": NAME, "content": SAID}},
        {"lastSeq": 3, "lastMessage": {"senderId": HER}},
    ),
    "the last message, of the system": (
        {"lastMessage": {"senderId": "user-2", "content": f"Lê Hoa đã thêm {NAME}"}},
        {"lastMessage": {"senderId": "user-2", "content": f"Lê Hoa đã thêm {ERASED_NAME}"}},
    ),
    "an orphan": (
        {"conversationId": "gone", "userId": HER, "userName": NAME, "words": ["tran", "zqnga"]},
        {"conversationId": "gone", "userId": HER},
    ),
    "a quote": (
        message(replyTo={"messageId": "m", "content": SAID, "senderName": NAME}),
        message(replyTo={"messageId": "m"}),
    ),
    "a mention": (
        message(content="@Zq ơi", mentions=[{"userId": HER, "userName": NAME, "length": 3}]),
        message(content=f"@{ERASED_NAME} ơi", mentions=[{"userId": HER, "length": 3}]),
    ),
    "a reaction": (
        message(reactions=[{"userId": HER, "userName": NAME, "emojiCode": "👍"}]),
        message(reactions=[{"userId": HER, "emojiCode": "👍"}]),
    ),
    "what the system told": (
        message(type="System", content="Zq đã rời nhóm", history=[{"content": "Zq"}]),
        message(
            type="System", content=f"{ERASED_NAME} đã rời nhóm", history=[{"content": ERASED_NAME}]
        ),
    ),
}


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize(("told", "left"), REPAIRS.values(), ids=REPAIRS.keys())
def test_what_repairs_noted(told: Details, left: Details, side: str) -> None:
    entry = note("repair foreign", f"conversation {ROOM}", {"text": "x", side: told}, None)

    blank()

    assert details_of(entry) == {"text": "x", side: left}


OF_OTHERS: dict[str, Details] = {
    "a namesake": {"after": {"userId": "user-3", "userName": NAME}},
    "a namesake's message": {"before": message(senderName=NAME)},
    "what others wrote about her": {"before": message(content=f"{NAME} không có ở đây")},
    "a single word that may mean something else": {"before": {"name": "Lớp Zq"}},
    "numbers": {"before": 30, "after": None, "reason": "x"},
}


@pytest.mark.parametrize("told", OF_OTHERS.values(), ids=OF_OTHERS.keys())
def test_what_is_of_others_stays(told: Details) -> None:
    entry = note("a change", ROOM, told)

    assert blank() == 0

    assert details_of(entry) == told


def test_another_school_keeps_what_it_noted(conversation: MakeConversation) -> None:
    theirs = conversation(tenant_id="tenant-2")
    by_staff, last = BY_STAFF["a participant"][0], {"before": REPAIRS["the last message"][0]}
    entries = {
        note("add participant", theirs, by_staff, "tenant-2"): by_staff,
        note("repair wrong_last_message", f"conversation {theirs}", last, None): last,
    }

    assert blank() == 0

    assert {entry: details_of(entry) for entry in entries} == entries


def test_a_conversation_that_is_held_back_keeps_its_entries_until_it_is_released() -> None:
    message, orphan = REPAIRS["her message"][0], {"userId": HER, "userName": NAME}
    entries = [
        note("add participant", ROOM, BY_STAFF["a participant"][0]),
        note("repair foreign", "message m", {"before": message}, None),
        note(
            "repair orphan", f"participant {HER} of conversation {ROOM}", {"before": orphan}, None
        ),
    ]
    retention.hold(ROOM, by="Mai", reason="a court")
    holds = Holds(())

    assert blank(holds) == 0
    assert holds.met == {ROOM}, "so the run tells it"

    retention.release(ROOM, by="Mai", reason=None)
    assert blank() == len(entries)
