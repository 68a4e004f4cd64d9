"""`manage.py erase_person` on real Kafka, MongoDB and Redis: nothing is left, whatever comes again."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from django.core.management import CommandError, call_command

from chat_project import redis
from chat_project.identifiers import new_id
from chat_project.mongodb import client, collection
from consumers.erasure import said
from consumers.erasure.erasing import Erased, Waiting, erase, look
from consumers.errors import RetryLater
from consumers.log_reader import LogReader
from consumers.search.index import bring_in
from consumers.tenants import Subject
from conversations import services
from conversations.erased import (
    ERASED_NAME,
    pattern_of,
    with_names_blacked_out,
    without_names,
)
from conversations.services import outbox, retention
from conversations.values import Person, Role
from messaging.producer import Producer
from tests.consumers.conftest import head, stored
from tests.consumers.events import change, event
from tests.processes import manage, running
from tests.retention.lives import Live, MakeConversation
from tests.retention.stored_files import store_file
from tests.waiting import wait_until

HER = "user-zq"
NAME = "Trần Thị Zqngà"
EARLIER_NAME = "Zqngà Trần"
SAID = "zqbimat"
"""Stands in everything that she wrote, and nowhere else."""
SECRETS = (SAID, "zqngà", "zqnga")
"""The last one is how the search folds her name."""
SUBJECT = Subject("tenant-1", HER)


class School:
    """Conversations in which she has left every kind of trace."""

    def __init__(self, live: Live, conversation: MakeConversation, folder: Path) -> None:
        self.live = live
        people = {HER: NAME, "user-2": "Lê Hoa", "user-3": "Đỗ Nam"}
        self.group = conversation(names=people)
        self.pair = conversation(names={HER: NAME, "user-2": "Lê Hoa"})
        self.left = conversation(names={"user-2": "Lê Hoa"})
        self.other = conversation(names={"user-2": "Lê Hoa"})
        self.told = conversation(names={"user-2": "Lê Hoa"})
        pair = {"type": "OneToOne", "name": f"{NAME} - Lê Hoa", "key": f"pair:{self.pair}"}
        collection("conversations").update_one({"_id": self.pair}, {"$set": pair})
        self.file: Path | None = None
        self._fill(folder)

    def _fill(self, folder: Path) -> None:
        group = self.group
        first = self.hers(group, "một")
        self.change("Edited", first, content=f"{SAID} một, sửa")
        answer = self.of(
            group, "user-2", "đúng vậy", replyToMessageId=first, replyToContent=f"{SAID} một",
            replyToSenderName=NAME,
        )  # fmt: skip
        self.change("ReactionAdded", answer, emojiCode="👍")
        self.change("Pinned", answer)
        text = f"Chào @{NAME}, và @Đỗ Nam"
        marks = [
            {"userId": HER, "userName": NAME, "startIndex": 5, "length": len(NAME) + 1},
            {"userId": "user-3", "userName": "Đỗ Nam", "startIndex": 26, "length": 7},
        ]
        naming = self.of(group, "user-2", text, mentions=marks)
        self.of(group, "user-3", "thật à", replyToMessageId=naming, replyToContent=text)
        self.of(group, "user-2", f"Lê Hoa đã thêm {NAME} và Đỗ Nam", type="System")
        self.of(group, HER, f"{NAME} đã đổi tên nhóm", type="System", senderName=NAME)
        self.hers(self.left, "hai", senderName=EARLIER_NAME)
        self.hers(self.pair, "ba")
        self.live.pipeline.produce([event(new_id(), content=SAID, senderId=HER, senderName=NAME)])
        id_, self.file = store_file(folder, "")
        attached = self.hers(group, "tệp", type="File", attachments=[
            {"attachmentId": id_, "fileName": f"{SAID}.pdf"}
        ])  # fmt: skip
        mine = {"messageId": attached, "senderId": HER, "fileName": f"{SAID}.pdf"}
        collection("attachments").update_one({"_id": id_}, {"$set": mine})
        self.of(self.other, "user-2", "hôm nay trời đẹp")
        self.of(self.told, "user-2", f"Lê Hoa đã xóa {NAME} khỏi nhóm", type="System")
        self.live.drain()
        bring_in([each["_id"] for each in collection("messages").find({}, {})])
        waiting = {"_id": new_id(), "conversationId": self.other, "tenantId": "tenant-1"}
        told = {"senderId": HER, "senderName": NAME, "text": f"{NAME} đã rời nhóm", "version": 2}
        late = datetime(2999, 1, 1, tzinfo=UTC)
        collection(outbox.COLLECTION).insert_one({**waiting, **told, "at": late})
        before = stored(self.pair)[0]
        note = {"by": "x", "action": "repair foreign", "details": {"before": before, "after": None}}
        collection("audit_log").insert_one(note)

    def hers(self, room: str, text: str, **more: Any) -> str:
        return self.of(room, HER, f"{SAID} {text}", **{"senderName": NAME, **more})

    def of(self, room: str, sender: str, text: str, **more: Any) -> str:
        body = event(room, **{"senderId": sender, "content": text, **more})
        self.live.pipeline.produce([body])
        return str(body["messageId"])

    def change(self, kind: str, message_id: str, **more: Any) -> None:
        body = change(self.group, messageId=message_id, userId=HER, userName=NAME, **more)
        self.live.pipeline.produce([body], event_type=f"Message{kind}Event")

    def erase(self) -> Erased:
        """Beside a consumer."""
        with self.live.consuming():
            return self.erase_alone(seconds=60)

    def erase_alone(self, *, seconds: float) -> Erased:
        return erase(
            self.live.environment,
            SUBJECT,
            by="Mai",
            reason="she asked for it",
            waiting=Waiting(self.live.environment.kafka_group_id, seconds),
            on_conversations=lambda _: None,
        )

    def rooms(self) -> list[str]:
        return [self.group, self.pair, self.left, self.other, self.told]


@pytest.fixture
def school(
    live: Live, conversation: MakeConversation, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[School]:
    """The erasure sends to this test's topic."""
    producer = Producer(
        live.environment.kafka_connection(), live.topic, partitions=10, waiting_threads=8
    )
    monkeypatch.setattr(said, "producer", lambda: producer)
    yield School(live, conversation, folder)
    producer.close()


def found_in(name: str) -> list[str]:
    """Where a document of this database holds a secret."""
    found = []
    for each in client()[name].list_collection_names():
        for document in client()[name][each].find():
            told = json_util.dumps(document, ensure_ascii=False).casefold()
            if any(secret in told for secret in SECRETS):
                found.append(f"{each}: {told}")
    return found


def found_in_redis(rooms: list[str]) -> list[str]:
    found = []
    for room in rooms:
        for key in redis.client().scan_iter(match=f"conversation:{room}*"):
            values = (
                [*redis.client().hgetall(key).values()]
                if key.endswith(b":members")
                else [redis.client().get(key) or b""]
            )
            for value in values:
                told = json.dumps(json.loads(value), ensure_ascii=False).casefold()
                found += [told for secret in SECRETS if secret in told]
    return found


def check_nothing_is_left(school: School) -> None:
    assert found_in(school.live.name) == []
    assert found_in_redis(school.rooms()) == []
    assert school.file is not None
    assert not school.file.exists()


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


def test_it_is_noted_without_what_was_erased(school: School) -> None:
    told = school.erase()

    noted = list(collection("audit_log").find({"target": f"user {HER}"}).sort("at", 1))
    assert [each["action"] for each in noted] == ["begin to erase person", "erase person"]
    assert {each["by"] for each in noted} == {"Mai"}
    details = noted[1]["details"]
    assert (details["reason"], details["changes"]) == ("she asked for it", told.changes)
    [person] = collection("erased_persons").find({"userId": HER})
    assert person["completedAt"]
    assert "names" not in person


def test_a_look_changes_nothing_and_again_it_finds_nothing(school: School) -> None:
    before = found_in(school.live.name)
    assert look(SUBJECT, on_conversations=lambda _: None).changes == 8
    assert found_in(school.live.name) == before

    school.erase()
    again = school.erase()

    assert (again.changes, again.names, again.files, again.dead_letters) == (0, 0, 0, 0)


def test_without_consumers_it_gives_up_and_the_next_run_ends_it(school: School) -> None:
    with pytest.raises(RetryLater, match="have not handled it within 1 s"):
        school.erase_alone(seconds=1)

    school.erase()

    check_nothing_is_left(school)


def test_a_killed_run_is_ended_by_the_next(school: School, folder: Path) -> None:
    who = ("--tenant", "tenant-1", "--user", HER, "--by", "Mai", "--reason", "x", "--yes")
    files = {"ATTACHMENT_FOLDER": str(folder.parent)}
    variables = {**school.live.pipeline.variables, **files}
    with running(manage("erase_person", *who), variables) as process:
        without_name = {"userId": HER, "userName": ERASED_NAME}
        wait_until(lambda: collection("participants").find_one(without_name), "a name", seconds=120)
        process.kill()

    school.erase()

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
    assert len(list(school.live.pipeline.dead_lettered())) == 1

    assert school.erase().dead_letters == 1

    with closing(LogReader(school.live.environment.kafka_connection())) as reader:
        spans = reader.bounds(school.live.environment.dead_letter_topic).values()
    assert [span for span in spans if span.start < span.end] == []
    assert [each["closedHow"] for each in collection("dead_letters").find()] == ["discarded"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--tenant", "tenant-1", "--user", "u", "--yes"], "--by and --reason are needed"),
        (["--tenant", "tenant-1", "--user", "u", "--by", "M", "--reason", "x"], "say --yes"),
        (["--tenant", "nobody", "--user", "u", "--dry-run"], "has no conversations"),
        (["--user", "u"], "--tenant"),
    ],
    ids=["nobody orders it", "not confirmed", "no such school", "no school"],
)
def test_wrong_arguments_are_refused(
    live: Live, conversation: MakeConversation, options: list[str], told: str
) -> None:
    conversation()

    with pytest.raises(CommandError, match=told):
        call_command("erase_person", *options)


def test_the_command_tells_what_it_would_do(
    school: School, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("erase_person", "--tenant", "tenant-1", "--user", HER, "--dry-run")

    assert capsys.readouterr().out == (
        f"{HER} of tenant-1: 8 messages would be deleted or reworded in 4 conversations\n"
    )


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
