"""What a mention calls somebody is its writer's own words: it counts in that message only."""

from chat_project.mongodb import collection
from conversations.erased import ERASED_NAME
from tests.consumers.conftest import head, stored
from tests.retention.erasures import HER, NAME, OTHER, Erasure, mention, texts
from tests.retention.lives import MakeConversation

PEOPLE = {HER: NAME, OTHER: "Lê Hoa"}


def test_what_a_mention_calls_her_rewrites_no_other_text(
    erasure: Erasure, conversation: MakeConversation
) -> None:
    room = conversation(names=PEOPLE)
    named_as_one_group = {"type": "ClassGroup", "name": "Class: 9A"}
    collection("conversations").update_one({"_id": room}, {"$set": named_as_one_group})
    erasure.tell(room, "Đỗ Nam đã tham gia")
    erasure.tell(room, f"{NAME} đã tham gia")
    for words in ("đã tham gia", "Class", "cô"):
        erasure.say(room, **mention("Chào cả nhà", "", userName=words))
    erasure.say(room, "Hỏi cô ở lớp")
    erasure.live.drain()

    erasure.run()

    said = ["Chào cả nhà"] * 3
    told = ["Đỗ Nam đã tham gia", f"{ERASED_NAME} đã tham gia"]
    assert texts(room) == [*told, *said, "Hỏi cô ở lớp"]
    assert head(room)["name"] == "Class: 9A"


def test_in_its_own_message_it_is_blacked_out(
    erasure: Erasure, conversation: MakeConversation
) -> None:
    room = conversation(names=PEOPLE)
    erasure.say(room, **mention("Chào cô Nga, cô khỏe không", "", userName="cô Nga"))
    erasure.live.drain()

    erasure.run()

    [message] = stored(room)
    assert message["content"] == "Chào ██████, cô khỏe không"
    assert [each["userName"] for each in message["mentions"]] == [ERASED_NAME]


def test_where_she_is_only_mentioned_the_mention_is_found(
    erasure: Erasure, conversation: MakeConversation
) -> None:
    room = conversation(names={OTHER: "Lê Hoa"})
    erasure.say(room, **mention("Chào @Nga", "@Nga", userName="Nga"))
    erasure.live.drain()

    told = erasure.run()

    assert (told.conversations, texts(room)) == (1, ["Chào @███"])
