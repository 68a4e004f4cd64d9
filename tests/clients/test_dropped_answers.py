"""An answer that is lost on its way: the client tries again, and everything is done once."""

from typing import Any

import pytest

from chat_project.mongodb import collection
from conversations.values import ConversationSettings
from emis_chat_client import NO_RETRY, Retry
from emis_chat_client.errors import ConnectionFailed
from emis_chat_client.models import TextRequest
from tests.clients.conftest import Connect
from tests.clients.proxy import CuttingProxy
from tests.conftest import Api
from tests.messaging.conftest import records_in
from tests.product import Product

QUICK = Retry(first_pause_seconds=0.01)


def stored_ids(group: ConversationSettings) -> list[str]:
    found = collection("messages").find({"conversationId": group.id}).sort("seq", 1)
    return [message["_id"] for message in found]


def records(group: ConversationSettings, product: Product) -> int:
    return len(records_in(group.id, product.pipeline.environment.message_topic))


@pytest.mark.parametrize("lost", [1, 3])
def test_a_text_whose_answers_are_lost_is_stored_once(
    connect: Connect,
    proxy: CuttingProxy,
    product: Product,
    mai: Api,
    group: ConversationSettings,
    lost: int,
) -> None:
    client = connect(mai, proxy.url, retry=QUICK)
    proxy.to_cut = lost

    sent = client.send_text(conversation_id=group.id, content="Chào cả lớp")

    assert proxy.cut == lost
    assert client.wait_for_outcome(sent.message_id).status == "Sent"
    assert records(group, product) == lost + 1, "each attempt was accepted"
    after = client.send_text(conversation_id=group.id, content="Sau đó")
    assert client.wait_for_outcome(after.message_id).seq == 2
    assert stored_ids(group) == [sent.message_id, after.message_id]


def test_a_file_whose_answer_is_lost_is_stored_once(
    connect: Connect, proxy: CuttingProxy, mai: Api, group: ConversationSettings
) -> None:
    client = connect(mai, proxy.url, retry=QUICK)
    proxy.to_cut = 1

    sent = client.send_attachment(conversation_id=group.id, file_name="a.txt", content=b"a")

    assert proxy.cut == 1
    assert client.wait_for_outcome(sent.message_id).status == "Sent"
    assert stored_ids(group) == [sent.message_id]
    assert collection("attachments").count_documents({"messageId": sent.message_id}) == 1


def test_a_batch_whose_answer_is_lost_is_stored_once_and_in_order(
    connect: Connect, proxy: CuttingProxy, mai: Api, group: ConversationSettings
) -> None:
    client = connect(mai, proxy.url, retry=QUICK)
    texts = [TextRequest(conversation_id=group.id, content=f"Số {n}") for n in range(3)]
    proxy.to_cut = 1

    outcomes = client.send_batch(messages=texts)

    ids = [outcome.data.message_id for outcome in outcomes]
    assert proxy.cut == 1
    assert [client.wait_for_outcome(each).status for each in ids] == ["Sent"] * 3
    assert stored_ids(group) == ids


def test_a_founding_whose_answer_is_lost_founds_one_group(
    connect: Connect, proxy: CuttingProxy, mai: Api
) -> None:
    client = connect(mai, proxy.url, retry=QUICK)
    proxy.to_cut = 1

    founded = client.found_teacher_group(name="Tổ Toán")

    mine = collection("conversations").find({"tenantId": mai.tenant_id})
    assert [each["_id"] for each in mine] == [founded.conversation_id]
    assert proxy.cut == 1


def test_leaving_whose_answer_is_lost_is_no_error(
    connect: Connect, proxy: CuttingProxy, colleague: Api, group: ConversationSettings
) -> None:
    proxy.to_cut = 1

    assert connect(colleague, proxy.url, retry=QUICK).leave_conversation(group.id) is None
    assert proxy.cut == 1


CHANGES: dict[str, Any] = {
    "edit": lambda client, sent: client.edit_message(sent, content="Khác"),
    "pin": lambda client, sent: client.pin_message(sent),
    "reaction": lambda client, sent: client.add_reaction(sent, emoji_code="👍"),
    "deletion": lambda client, sent: client.delete_message(sent),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_whose_answer_is_lost_may_be_repeated(
    connect: Connect, proxy: CuttingProxy, mai: Api, group: ConversationSettings, change: Any
) -> None:
    client = connect(mai, proxy.url, retry=QUICK)
    sent = client.send_text(conversation_id=group.id, content="Chào").message_id
    proxy.to_cut = 1

    assert change(client, sent).message_id == sent
    assert proxy.cut == 1


def test_when_no_attempt_is_left_the_error_says_that_nothing_is_known(
    connect: Connect, proxy: CuttingProxy, mai: Api, group: ConversationSettings
) -> None:
    client = connect(mai, proxy.url, retry=NO_RETRY)
    proxy.to_cut = 1

    with pytest.raises(ConnectionFailed) as caught:
        client.send_text(conversation_id=group.id, content="Chào")

    assert caught.value.__cause__ is not None
    assert proxy.cut == 1


def test_a_server_that_is_not_there_is_tried_as_often_as_said(
    connect: Connect, mai: Api, group: ConversationSettings
) -> None:
    jitters: list[float] = []

    def jitter() -> float:
        jitters.append(0.0)
        return 0.0

    client = connect(mai, "http://127.0.0.1:9", retry=Retry(attempts=4, jitter=jitter))

    with pytest.raises(ConnectionFailed):
        client.get_history(group.id)
    assert len(jitters) == 3
