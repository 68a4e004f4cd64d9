"""`manage.py erase_person` on real Kafka, MongoDB and Redis: nothing is left, whatever comes again."""

from contextlib import closing

from chat_project.mongodb import collection
from consumers.log_reader import LogReader
from conversations import services
from conversations.erased import ERASED_NAME, pattern_of, with_names_blacked_out, without_names
from conversations.services import outbox, retention
from conversations.values import Person, Role
from tests.consumers.conftest import head, stored
from tests.retention.conftest import check_nothing_is_left
from tests.retention.traces import HER, NAME, SAID, School, found_in


def texts(room: str) -> list[str]:
    return [document["content"] for document in stored(room)]


def test_nothing_is_left_and_the_structure_stays(school: School) -> None:
    before = {room: [each["seq"] for each in stored(room)] for room in school.rooms()}
    assert len(found_in(school.live.name)) > 10

    told = school.erase()

    assert told.conversations == 4
    assert texts(school.told) == [f"Lê Hoa đã xóa {ERASED_NAME} khỏi nhóm"]
    check_nothing_is_left(school)
    assert {room: [each["seq"] for each in stored(room)] for room in school.rooms()} == before
    group = stored(school.group)
    assert [each.get("isDeleted", False) for each in group] == [
        True, False, False, False, False, True, True,
    ]  # fmt: skip
    assert group[1]["replyTo"] == {"messageId": group[0]["_id"], "senderName": ERASED_NAME}
    assert group[1]["reactions"][0]["userName"] == ERASED_NAME
    assert group[1]["isPinned"]
    blocks = "█" * len(NAME)
    assert group[2]["content"] == f"Chào @{blocks}, và @Đỗ Nam"
    assert [each["userName"] for each in group[2]["mentions"]] == [ERASED_NAME, "Đỗ Nam"]
    assert group[3]["replyTo"]["content"] == group[2]["content"]
    assert group[4]["content"] == f"Lê Hoa đã thêm {ERASED_NAME} và Đỗ Nam"
    assert head(school.pair)["name"] == f"{ERASED_NAME} - Lê Hoa"
    assert head(school.pair)["lastMessage"] is None
    her = collection("participants").find_one({"conversationId": school.group, "userId": HER})
    assert (her or {})["userName"] == ERASED_NAME
    assert (her or {})["role"] == "Member"
    assert texts(school.other) == ["hôm nay trời đẹp"]
    report = school.live.audit()
    assert report.is_clean, report.findings


def test_it_holds_against_a_replay_and_a_rebuild(school: School) -> None:
    school.erase()

    school.live.replay()
    check_nothing_is_left(school)
    school.live.rebuild()
    assert found_in(school.live.into) == []
    assert school.live.audit(mend=True).is_clean
    check_nothing_is_left(school)


def test_what_she_sends_and_what_names_her_later_has_no_name(school: School) -> None:
    school.erase()

    group = {"userId": HER, "userName": NAME, "startIndex": 0, "length": 3}
    school.of(school.group, HER, "tôi đây", senderName=NAME)
    school.of(school.left, HER, "và đây", senderName=NAME)
    named = school.of(school.group, "user-2", "Hoa ơi", mentions=[group])
    school.change("ReactionAdded", named, emojiCode="👋")
    school.live.drain()
    services.add_participants(school.other, [Person(HER, NAME)], Role.MEMBER)
    founded = services.create_one_to_one("tenant-1", Person("user-3", "Đỗ Nam"), Person(HER, NAME))
    collection(outbox.COLLECTION).delete_many({})

    assert texts(school.group)[-2:] == ["tôi đây", "Hoa ơi"]
    assert founded.settings.name == f"Đỗ Nam - {ERASED_NAME}"
    assert head(founded.settings.id)["erased"] == [HER]
    assert found_in(school.live.name) == []
    report = school.live.audit()
    assert report.is_clean, report.findings


def test_a_held_conversation_is_left_and_told(school: School) -> None:
    retention.hold(school.pair, by="Mai", reason="a court")

    assert school.erase().held == [school.pair]

    assert texts(school.pair) == [f"{SAID} ba"]
    assert texts(school.left) == [""]
    retention.release(school.pair, by="Mai", reason=None)
    school.erase()
    check_nothing_is_left(school)


def test_her_dead_letters_are_gone_from_their_topic(school: School) -> None:
    assert len(school.live.pipeline.dead_lettered()) == 1

    assert school.erase().dead_letters == 1

    with closing(LogReader(school.live.environment.kafka_connection())) as reader:
        spans = reader.bounds(school.live.environment.dead_letter_topic).values()
    assert [span for span in spans if span.start < span.end] == []
    assert [each["closedHow"] for each in collection("dead_letters").find()] == ["discarded"]


def test_names_are_whole_words_and_the_neutral_one_stays() -> None:
    pattern = pattern_of(["An", "Bình An", "xóa", "", ERASED_NAME])

    assert without_names("Bình An và an, không phải Ban hay Anh", pattern) == (
        f"{ERASED_NAME} và {ERASED_NAME}, không phải Ban hay Anh"
    )
    assert (
        without_names(without_names("xóa An", pattern), pattern) == f"{ERASED_NAME} {ERASED_NAME}"
    )
    assert with_names_blacked_out("@An 👍", pattern) == "@██ 👍"
    assert pattern_of([" ", ERASED_NAME]) is None
