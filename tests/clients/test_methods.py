"""Both clients against the running product: what each kind of endpoint takes and gives."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from chat_project.identifiers import new_id
from conversations import services
from conversations.values import ConversationSettings, Role
from emis_chat_client import NO_RETRY, errors
from emis_chat_client.models import MentionRequest, PersonRequest, TextRequest
from tests.clients.conftest import Connect
from tests.conftest import Api
from tests.messaging.conftest import store_dead_letter, store_many, store_message
from tests.product import Product
from tests.waiting import wait_until

FAR = datetime(2099, 1, 1, tzinfo=UTC)


def test_a_text_goes_out_and_comes_back(
    connect: Connect, mai: Api, colleague: Api, group: ConversationSettings
) -> None:
    client = connect(mai)
    mention = MentionRequest(
        user_id=colleague.user_id, user_name="Lê Văn Dũng", start_index=5, length=4
    )

    sent = client.send_text(
        conversation_id=group.id, content="Chào Dũng 😀", mentions=[mention], sender_name="Mai"
    )

    assert (sent.status, sent.seq, sent.failure_reason) == ("Sending", None, None)
    assert sent.sent_at.tzinfo is not None
    stored = client.wait_for_outcome(sent.message_id)
    assert (stored.status, stored.seq, stored.content) == ("Sent", 1, "Chào Dũng 😀")
    assert [(each.user_id, each.start_index) for each in stored.mentions] == [
        (colleague.user_id, 5)
    ]
    assert [each.message_id for each in client.get_history(group.id).messages] == [sent.message_id]


def test_a_file_goes_out_and_its_link_opens(
    connect: Connect, mai: Api, group: ConversationSettings, product: Product
) -> None:
    client, content = connect(mai), "Xin chào".encode()

    sent = client.send_attachment(
        conversation_id=group.id, file_name="bài tập.txt", content=content, caption="Tuần 12"
    )

    (told,) = sent.attachments
    assert (sent.type, sent.content, told.file_name) == ("File", "Tuần 12", "bài tập.txt")
    (stored,) = client.wait_for_outcome(sent.message_id).attachments
    assert httpx.get(f"{product.url}{stored.url}").content == content
    with pytest.raises(errors.ApiError) as refused:
        client.send_attachment(conversation_id=group.id, file_name="nothing", content=b"")
    assert refused.value.code == "file_empty"


def test_a_message_is_changed(connect: Connect, mai: Api, group: ConversationSettings) -> None:
    client = connect(mai)
    message_id = store_message(group, 1, senderId=mai.user_id, sent_at=datetime.now(UTC))

    assert client.edit_message(message_id, content="Khác").content == "Khác"
    assert client.pin_message(message_id).is_pinned
    assert not client.unpin_message(message_id).is_pinned
    (reaction,) = client.add_reaction(message_id, emoji_code="👍").reactions
    assert (reaction.emoji_code, reaction.user_id) == ("👍", mai.user_id)
    assert client.remove_reaction(message_id, emoji="👍").reactions == []
    assert client.mark_read(group.id, up_to_seq=0).up_to_seq == 0
    assert client.delete_message(message_id).is_deleted


def test_a_batch_tells_of_each_text(
    connect: Connect, mai: Api, group: ConversationSettings
) -> None:
    texts = [TextRequest(conversation_id=group.id, content=text) for text in ("Một", "", "Ba")]

    outcomes = connect(mai).send_batch(messages=texts)

    assert [outcome.success for outcome in outcomes] == [True, False, True]
    assert outcomes[1].error.code == "content_empty"


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


def test_lists_take_their_filters(connect: Connect, mai: Api, group: ConversationSettings) -> None:
    client = connect(mai)
    services.archive(group.id)

    def listed(**query: Any) -> list[str]:
        page = client.get_conversations_of_user(mai.user_id, **query)
        return [each.conversation_id for each in page.items]

    assert listed() == []
    assert listed(include_archived=True) == [group.id]
    assert listed(include_archived=True, type_="OneToOne") == []


REFUSALS: dict[str, tuple[Any, type[errors.ApiError], str]] = {
    "no such conversation": (
        lambda client, group: client.get_conversation(new_id()),
        errors.ConversationNotFound,
        "conversation_not_found",
    ),
    "no such message": (
        lambda client, group: client.get_message(new_id()),
        errors.MessageNotFound,
        "message_not_found",
    ),
    "an empty text": (
        lambda client, group: client.send_text(conversation_id=group.id, content=""),
        errors.InvalidRequest,
        "content_empty",
    ),
    "a type that is never renamed": (
        lambda client, group: client.rename_conversation(
            client.found_one_to_one(
                other_user_id="somebody", other_user_name="Somebody"
            ).conversation_id,
            name="a",
        ),
        errors.Conflict,
        "rename_not_allowed",
    ),
    "the last Admin": (
        lambda client, group: client.leave_conversation(group.id),
        errors.LastAdmin,
        "last_admin",
    ),
}


@pytest.mark.parametrize(("call", "kind", "code"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_is_an_error_of_its_kind(
    connect: Connect,
    mai: Api,
    group: ConversationSettings,
    call: Any,
    kind: type[errors.ApiError],
    code: str,
) -> None:
    with pytest.raises(kind) as caught:
        call(connect(mai), group)

    assert caught.value.code == code
    assert caught.value.request_id


def test_who_only_reads_is_told_so(
    connect: Connect, colleague: Api, group: ConversationSettings
) -> None:
    services.change_role(group.id, colleague.user_id, Role.READ_ONLY)

    with pytest.raises(errors.ReadOnly) as caught:
        connect(colleague).send_text(conversation_id=group.id, content="Chào")

    assert isinstance(caught.value, errors.Forbidden)


def test_another_text_under_a_used_key_is_refused(
    connect: Connect, mai: Api, group: ConversationSettings
) -> None:
    client, key = connect(mai), new_id()
    client.send_text(conversation_id=group.id, content="Một", idempotency_key=key)

    with pytest.raises(errors.IdempotencyKeyReused):
        client.send_text(conversation_id=group.id, content="Hai", idempotency_key=key)


def test_a_token_may_come_from_a_function_that_is_asked_each_time(
    connect: Connect, mai: Api, group: ConversationSettings
) -> None:
    tokens = iter(["not.a.token", mai.token])
    renewing = connect(_WithToken(lambda: next(tokens)))

    with pytest.raises(errors.NotAuthenticated):
        renewing.get_conversation(group.id)
    assert renewing.get_conversation(group.id).conversation_id == group.id


class _WithToken:
    def __init__(self, token: Any) -> None:
        self.token = token


def test_an_answer_that_comes_too_late_is_a_failed_connection(
    connect: Connect, mai: Api, group: ConversationSettings
) -> None:
    client = connect(mai, timeout_seconds=0.000_1, retry=NO_RETRY)

    with pytest.raises(errors.ConnectionFailed):
        client.get_conversation(group.id)


def test_the_outcome_of_an_unknown_message_is_an_error_in_the_end(
    connect: Connect, mai: Api
) -> None:
    with pytest.raises(errors.MessageNotFound):
        connect(mai).wait_for_outcome(new_id(), within_seconds=0.1)


def test_a_failed_message_is_an_outcome(
    connect: Connect, mai: Api, group: ConversationSettings
) -> None:
    message_id = new_id()
    store_dead_letter(
        message_id,
        "oversize",
        tenantId=mai.tenant_id,
        senderId=mai.user_id,
        conversationId=group.id,
    )

    failed = connect(mai).wait_for_outcome(message_id)

    assert (failed.status, failed.failure_reason) == ("Failed", "oversize")


def test_what_others_send_is_seen_by_its_number(
    connect: Connect, mai: Api, colleague: Api, group: ConversationSettings
) -> None:
    mine, theirs = connect(mai), connect(colleague)
    seen = mine.wait_for_outcome(mine.send_text(conversation_id=group.id, content="1").message_id)
    for text in ("2", "3"):
        theirs.send_text(conversation_id=group.id, content=text)

    def news() -> list[str] | None:
        found = [each.content for each in mine.iter_history(group.id, after_seq=seen.seq)]
        return found if len(found) == 2 else None

    assert wait_until(news, "both texts") == ["2", "3"]
