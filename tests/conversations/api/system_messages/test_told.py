"""Which changes of a conversation are told in it, in which words, and which are not."""

import pytest

from chat_project.identifiers import derived_id
from conversations import services
from conversations.services import participation
from conversations.values import Person, Role
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    data_of,
    founded,
    named,
    talk,
    teacher_group,
)
from tests.conversations.api.system_messages.telling import add, rename, texts, told, waiting


def test_who_is_added_is_told_in_the_name_of_who_added_them(
    mai: Api, parent: Api, room: str
) -> None:
    add(mai, room, named(parent))

    [event] = told(room)
    assert event["content"] == "Phạm Thị Mai đã thêm Hoàng Thị Lan"
    assert (event["senderId"], event["senderName"]) == (mai.user_id, "Phạm Thị Mai")
    assert (event["type"], event["tenantId"]) == ("System", mai.tenant_id)
    version_after_the_change = "2"
    assert event["messageId"] == derived_id(
        ["system", mai.tenant_id, room], version_after_the_change
    )
    assert waiting(room) == 0


def test_leaving_removing_and_renaming_are_told(
    mai: Api, colleague: Api, parent: Api, room: str
) -> None:
    add(mai, room, named(parent))
    data_of(parent.post(f"{CONVERSATIONS}{room}/leave", None))
    data_of(mai.delete(f"{CONVERSATIONS}{room}/participants/{colleague.user_id}"))
    rename(mai, room, " Tổ Toán - Tin ")

    assert texts(room)[1:] == [
        "Hoàng Thị Lan đã rời nhóm",
        "Phạm Thị Mai đã xóa Lê Văn Dũng khỏi nhóm",
        "Phạm Thị Mai đã đổi tên nhóm thành Tổ Toán - Tin",
    ]
    assert told(room)[1]["senderId"] == parent.user_id
    assert waiting(room) == 0


def test_an_admin_who_removes_themselves_has_left(mai: Api, colleague: Api, room: str) -> None:
    services.change_role(room, colleague.user_id, Role.ADMIN)

    data_of(mai.delete(f"{CONVERSATIONS}{room}/participants/{mai.user_id}"))

    assert texts(room) == ["Phạm Thị Mai đã rời nhóm"]


def test_what_staff_does_is_told_by_the_system(room: str) -> None:
    services.add_participants(room, [Person("lan", "Lan")], None)
    services.rename(room, "Tổ Văn")
    services.remove_participant(room, "lan")

    assert texts(room) == ["Lan đã tham gia", "Nhóm có tên mới: Tổ Văn", "Lan không còn trong nhóm"]
    assert {(event["senderId"], event["senderName"]) for event in told(room)} == {
        ("00000000-0000-0000-0000-000000000000", "System")
    }


def test_a_long_list_is_told_once(mai: Api, room: str) -> None:
    people = [{"userId": f"parent-{n}", "userName": f"Phụ huynh {n}"} for n in range(1_200)]

    add(mai, room, *people)

    assert texts(room) == [
        "Phạm Thị Mai đã thêm Phụ huynh 0, Phụ huynh 1, Phụ huynh 2 và 1197 người khác"
    ]
    assert waiting(room) == 0


@pytest.mark.parametrize("newcomer_at", [0, 1, 2])
def test_a_list_in_parts_tells_of_the_newcomers_wherever_they_stand(
    mai: Api,
    colleague: Api,
    parent: Api,
    room: str,
    monkeypatch: pytest.MonkeyPatch,
    newcomer_at: int,
) -> None:
    monkeypatch.setattr(participation, "ADDED_AT_ONCE", 1)
    people = [mai, colleague]
    people.insert(newcomer_at, parent)

    add(mai, room, *map(named, people))

    assert texts(room) == ["Phạm Thị Mai đã thêm Hoàng Thị Lan"]
    assert waiting(room) == 0


def test_what_changes_nothing_is_not_told(mai: Api, colleague: Api, parent: Api, room: str) -> None:
    add(mai, room, named(colleague))
    rename(mai, room, "Tổ Toán")
    refused = [
        colleague.put(CONVERSATIONS + room, {"name": "Tổ Văn"}),
        mai.post(f"{CONVERSATIONS}{room}/leave", None),
        parent.post(f"{CONVERSATIONS}{room}/leave", None),
    ]

    assert [each.status_code for each in refused] == [403, 409, 403]
    assert told(room) == []
    assert waiting(room) == 0


def test_a_repeated_request_is_told_once(mai: Api, parent: Api, room: str) -> None:
    body = {"participants": [named(parent)]}
    for _ in range(2):
        path = f"{CONVERSATIONS}{room}/participants"
        data_of(mai.post(path, body, idempotency_key="k"))

    assert len(told(room)) == 1


def test_founding_archiving_and_own_settings_are_not_told(mai: Api, parent: Api) -> None:
    rooms = [
        talk(mai, parent)["conversationId"],
        teacher_group(mai, parent)["conversationId"],
        founded(mai, "announcement-channel", {"name": "Thông báo"})["conversationId"],
    ]
    for change in ("archive", "unarchive", "hide", "unhide"):
        data_of(mai.put(f"{CONVERSATIONS}{rooms[1]}/{change}"))

    assert [told(each) for each in rooms] == [[], [], []]
