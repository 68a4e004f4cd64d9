"""Both clients against the running product: conversations, and lists page by page."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chat_project.identifiers import new_id
from conversations import services
from conversations.values import ConversationSettings
from emis_chat_client import errors
from emis_chat_client.models import PersonRequest
from tests.clients.conftest import Connect
from tests.conftest import Api
from tests.messaging.conftest import store_many

FAR = datetime(2099, 1, 1, tzinfo=UTC)


def test_conversations_are_founded_changed_and_left(
    connect: Connect, mai: Api, colleague: Api
) -> None:
    client = connect(mai)
    person = PersonRequest(user_id=colleague.user_id, user_name="Lê Văn Dũng")
    student_id = new_id()

    pair = client.found_one_to_one(other_user_id=colleague.user_id, other_user_name="Dũng")
    client.found_student_group(
        student_id=student_id, student_name="An", parents=[person], teachers=[person]
    )
    channel = client.found_announcement_channel(name="Thông báo", parents=[person])
    group = client.found_teacher_group(name="Tổ Toán", teachers=[person])

    assert (pair.type, channel.type) == ("OneToOne", "AnnouncementChannel")
    assert client.rename_conversation(group.conversation_id, name="Tổ Lý").name == "Tổ Lý"
    assert client.mute_conversation(group.conversation_id, muted_until=FAR).muted_until == FAR
    muted = client.mute_conversation(group.conversation_id, muted_until=None)
    assert muted.muted_until is None
    assert client.hide_conversation(group.conversation_id).is_hidden
    assert not client.archive_conversation(group.conversation_id).is_active
    newcomer = PersonRequest(user_id=new_id(), user_name="Đỗ Quang Huy")
    assert (
        client.add_participants(
            group.conversation_id, participants=[newcomer], role="Admin"
        ).participant_count
        == 3
    )
    left = client.remove_participant(group.conversation_id, colleague.user_id)
    assert left.participant_count == 2
    assert client.leave_conversation(group.conversation_id) is None
    with pytest.raises(errors.NotAParticipant):
        client.get_conversation(group.conversation_id)
    assert client.get_conversations_of_student(student_id).items == []


def test_an_id_of_odd_characters_stands_in_a_path(
    connect: Connect, mai: Api, group: ConversationSettings
) -> None:
    user_id = "a?b=c#é%2F +"
    client = connect(mai)
    client.add_participants(group.id, user_id=user_id, user_name="Somebody")

    assert client.get_messages_mentioning(group.id, user_id).items == []
    assert client.remove_participant(group.id, user_id).participant_count == 2


def test_lists_take_their_filters(connect: Connect, mai: Api, group: ConversationSettings) -> None:
    client = connect(mai)
    services.archive(group.id)

    def listed(**query: Any) -> list[str]:
        page = client.get_conversations_of_user(mai.user_id, **query)
        return [each.conversation_id for each in page.items]

    assert listed() == []
    assert listed(include_archived=True) == [group.id]
    assert listed(include_archived=True, type_="OneToOne") == []


@pytest.mark.parametrize("size", [1, 3, 7, 200])
def test_the_history_is_walked_in_both_directions(
    connect: Connect, mai: Api, group: ConversationSettings, size: int
) -> None:
    store_many(group, range(1, 8))
    client = connect(mai)

    def numbers(**query: Any) -> list[int]:
        return [each.seq for each in client.iter_history(group.id, page_size=size, **query)]

    assert numbers() == [7, 6, 5, 4, 3, 2, 1]
    assert numbers(before_seq=4) == [3, 2, 1]
    assert numbers(after_seq=2) == [3, 4, 5, 6, 7]
    assert numbers(after_seq=0) == [1, 2, 3, 4, 5, 6, 7]
    fourth = next(each for each in client.iter_history(group.id) if each.seq == 4)
    assert numbers(before_timestamp=fourth.sent_at) == [3, 2, 1]


def test_the_pages_of_a_list_are_walked(
    connect: Connect, mai: Api, group: ConversationSettings
) -> None:
    store_many(group, range(1, 8), isPinned=True)
    client = connect(mai)

    pinned = list(client.iter_pinned_messages(group.id, page_size=3))
    images = list(client.iter_messages_of_type(group.id, "Image"))
    people = list(client.iter_participants(group.id, page_size=1))

    assert [each.seq for each in pinned] == [7, 6, 5, 4, 3, 2, 1]
    assert images == []
    assert {each.role for each in people} == {"Admin", "Member"}
