"""Both clients against the running product: messages sent, changed and waited for."""

from datetime import UTC, datetime

import httpx
import pytest

from chat_project.identifiers import new_id
from conversations.values import ConversationSettings
from emis_chat_client import errors
from emis_chat_client.models import MentionRequest, TextRequest
from tests.clients.conftest import Connect
from tests.conftest import Api
from tests.messaging.conftest import store_dead_letter, store_message
from tests.product import Product
from tests.waiting import wait_until


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
