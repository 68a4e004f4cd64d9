"""What comes over, field by field, as the REST API shows it; and that `reconcile` agrees."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from chat_project.mongodb import collection
from chat_project.timestamps import format_timestamp
from tests.conftest import Api
from tests.history.conftest import (
    SCHOOL,
    SUBTYPES,
    assert_sound,
    brought,
    data_of,
    history_of,
    pair_of,
    run,
    stored,
)
from tests.history.replaced import (
    ADMIN,
    AUDIO,
    BEGINNING,
    CHANNEL,
    CLASS_GROUP,
    FILE,
    IMAGE,
    NIL,
    READ,
    READ_ONLY,
    STUDENT_GROUP,
    SYSTEM,
    VIDEO,
    Replaced,
    School,
    after,
)

AsUser = Callable[[str, str], Api]


def shown(minutes: float) -> str:
    return format_timestamp(after(minutes))


@pytest.mark.parametrize("subtype", SUBTYPES.values(), ids=SUBTYPES.keys())
def test_a_message_keeps_all_that_it_has(replaced: Replaced, as_user: AsUser, subtype: int) -> None:
    replaced.subtype = subtype
    id_, mai, dung = pair_of(replaced)
    first = replaced.message(id_, mai, "Chào thầy", minutes=1)
    rich = replaced.message(
        id_,
        dung,
        "Chào Mai 🙂",
        minutes=2,
        Type=FILE,
        Status=READ,
        EditedAt=after(5),
        IsPinned=True,
        PinnedBy=replaced.guid(mai),
        PinnedAt=after(6),
        ReplyTo={
            "MessageId": replaced.guid(first),
            "Content": "Chào thầy",
            "SenderName": "Mai",
        },
        Mentions=[{"UserId": replaced.guid(mai), "UserName": "Mai", "StartIndex": 5, "Length": 3}],
        Reactions=[
            {
                "EmojiCode": "👍",
                "UserId": replaced.guid(mai),
                "UserName": "Mai",
                "ReactedAt": after(7),
            }
        ],
        Attachments=[
            replaced.attachment("đề.pdf", "http://minio/a.pdf", 99, ThumbnailUrl="http://minio/t")
        ],
    )

    brought(replaced)

    one, other = history_of(as_user(mai, SCHOOL), id_)
    assert (one["messageId"], one["seq"], one["content"]) == (first, 1, "Chào thầy")
    assert (one["senderId"], one["senderName"]) == (mai, f"Người {mai[-2:]}")
    assert (one["sentAt"], one["type"], one["status"]) == (shown(1), "Text", "Sent")
    assert (other["messageId"], other["seq"], other["content"]) == (rich, 2, "Chào Mai 🙂")
    assert (other["type"], other["editedAt"]) == ("File", shown(5))
    assert (other["isPinned"], other["pinnedBy"], other["pinnedAt"]) == (True, mai, shown(6))
    assert other["replyTo"] == {"messageId": first, "content": "Chào thầy", "senderName": "Mai"}
    assert other["mentions"] == [{"userId": mai, "userName": "Mai", "startIndex": 5, "length": 3}]
    assert other["reactions"] == [
        {"emojiCode": "👍", "userId": mai, "userName": "Mai", "reactedAt": shown(7)}
    ]
    [file] = other["attachments"]
    assert (file["fileName"], file["fileSize"]) == ("đề.pdf", 99)
    assert (file["url"], file["thumbnailUrl"]) == ("http://minio/a.pdf", "http://minio/t")
    assert_sound(id_)


def test_the_lists_and_the_search_know_what_came(replaced: Replaced, as_user: AsUser) -> None:
    id_, mai, dung = pair_of(replaced)
    pinned = replaced.message(id_, dung, "Họp lúc 8 giờ", minutes=1, IsPinned=True)
    mention = {"UserId": replaced.guid(mai), "UserName": "Mai", "StartIndex": 0, "Length": 1}
    named = replaced.message(id_, dung, "Mai ơi", minutes=2, Mentions=[mention], Type=IMAGE)
    brought(replaced)

    user = as_user(mai, SCHOOL)

    def found(path: str, **query: str) -> list[str]:
        path = f"/api/v1/messages/conversation/{id_}/{path}"
        return [each["messageId"] for each in data_of(user.get(path, **query))["items"]]

    assert found("pinned") == [pinned]
    assert found("type/Image") == [named]
    assert found(f"mentions/{mai}") == [named]
    assert found("search", searchTerm="hop gio") == [pinned]


def test_rebuild_search_leaves_what_the_import_indexed(replaced: Replaced) -> None:
    id_, mai, dung = pair_of(replaced)
    replaced.message(id_, dung, "Học sinh", minutes=1)
    replaced.message(id_, mai, "Xóa", minutes=2, IsDeleted=True)
    replaced.message(id_, mai, "Sửa", minutes=3, EditedAt=after(4))
    brought(replaced)
    before = list(collection("message_search").find({"conversationId": id_}))

    from consumers.search.index import bring_in

    again = bring_in([message["_id"] for message in stored(id_)])

    assert len(before) == 3
    assert (again.unchanged, again.written) == (3, 0)


def test_a_deleted_message_keeps_its_place_and_nothing_that_was_said(
    replaced: Replaced, as_user: AsUser
) -> None:
    id_, mai, dung = pair_of(replaced)
    secret = replaced.message(
        id_,
        dung,
        "bí mật",
        minutes=1,
        IsDeleted=True,
        DeletedAt=after(3),
        Attachments=[replaced.attachment("bí mật.pdf", "http://minio/a")],
    )
    quote = {"MessageId": replaced.guid(secret), "Content": "bí mật", "SenderName": "Dũng"}
    replaced.message(id_, mai, "Vâng", minutes=2, ReplyTo=quote)

    brought(replaced)

    deleted, reply = history_of(as_user(mai, SCHOOL), id_)
    assert (deleted["isDeleted"], deleted["content"]) == (True, "[Message deleted]")
    assert deleted["attachments"] == []
    assert reply["replyTo"] == {"messageId": secret, "content": None, "senderName": "Dũng"}
    for name in ("messages", "message_search", "conversations"):
        kept = list(collection(name).find({"$or": [{"conversationId": id_}, {"_id": id_}]}))
        assert "bí mật" not in str(kept)
    assert_sound(id_)


def test_a_conversation_keeps_its_people_and_what_each_has_read(
    replaced: Replaced, as_user: AsUser
) -> None:
    mai, dung, lan, moi = (str(uuid4()) for _ in range(4))
    people = [
        replaced.person(mai, "Mai", ADMIN, LastReadAt=after(2)),
        replaced.person(dung, "Dũng", UnreadCount=17),
        replaced.person(lan, "Lan", READ_ONLY, LastReadAt=after(9)),
        replaced.person(moi, "Mới", JoinedAt=after(2.5)),
    ]
    id_ = replaced.conversation(
        SCHOOL, people, kind=CHANNEL, name="Thông báo", UpdatedAt=after(4), IsActive=False
    )
    for minute in (1, 2, 3):
        replaced.message(id_, mai, f"Tin {minute}", minutes=minute)
    last = replaced.message(id_, lan, "Xem rồi", minutes=4)

    outcome = brought(replaced)

    shown_to = data_of(as_user(dung, SCHOOL).get(f"/api/v1/conversations/{id_}"))
    assert (shown_to["type"], shown_to["name"]) == ("AnnouncementChannel", "Thông báo")
    assert shown_to["isActive"] is False
    assert (shown_to["createdAt"], shown_to["updatedAt"]) == (
        format_timestamp(BEGINNING),
        shown(4),
    )
    assert shown_to["lastMessage"]["messageId"] == last
    assert shown_to["lastMessage"]["seq"] == 4
    roles = {each["userName"]: each["role"] for each in shown_to["participants"]}
    assert roles == {"Mai": "Admin", "Dũng": "Member", "Lan": "ReadOnly", "Mới": "Member"}
    read_at = {each["userName"]: each["lastReadAt"] for each in shown_to["participants"]}
    assert read_at == {"Mai": shown(2), "Dũng": None, "Lan": shown(9), "Mới": None}
    unread = {
        name: data_of(as_user(user, SCHOOL).get(f"/api/v1/conversations/{id_}"))["unreadCount"]
        for name, user in (("Mai", mai), ("Dũng", dung), ("Lan", lan), ("Mới", moi))
    }
    assert unread == {"Mai": 1, "Dũng": 4, "Lan": 0, "Mới": 2}
    assert outcome["notes"]["wrong_unread"] == 3
    listed = data_of(
        as_user(dung, SCHOOL).get(f"/api/v1/conversations/user/{dung}", includeArchived="true")
    )
    assert [each["conversationId"] for each in listed["items"]] == [id_]
    assert_sound(id_)


def test_receipts_become_read_positions(replaced: Replaced, as_user: AsUser) -> None:
    id_, mai, dung = pair_of(replaced)
    stranger = {"UserId": replaced.guid(str(uuid4())), "ReadAt": after(9)}
    own = {"UserId": replaced.guid(mai), "ReadAt": after(9)}
    receipt = {"UserId": replaced.guid(dung), "ReadAt": after(8)}
    replaced.message(id_, mai, "Một", minutes=1)
    replaced.message(id_, mai, "Hai", minutes=2, ReadReceipts=[receipt, stranger, own])
    replaced.message(id_, mai, "Ba", minutes=3)

    outcome = brought(replaced)

    read = [each["readReceipts"] for each in history_of(as_user(mai, SCHOOL), id_)]
    seen = [{"userId": dung, "readAt": shown(8)}]
    assert read == [seen, seen, []]
    assert outcome["notes"]["left_out"] == 1
    assert_sound(id_)


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        (STUDENT_GROUP, "Student: Bé An", "StudentGroup"),
        (CLASS_GROUP, "Class: 5A", "ClassGroup"),
    ],
)
def test_what_a_group_is_about_comes_with_it(
    replaced: Replaced, as_user: AsUser, kind: int, name: str, expected: str
) -> None:
    mai, student, class_ = (str(uuid4()) for _ in range(3))
    metadata = {
        "StudentId": student,
        "StudentName": "Bé An",
        "ClassId": class_,
        "ClassName": "5A",
    }
    people = [replaced.person(mai, "Mai", ADMIN)]
    id_ = replaced.conversation(SCHOOL, people, kind=kind, name=name, metadata=metadata)

    brought(replaced)

    found = data_of(as_user(mai, SCHOOL).get(f"/api/v1/conversations/class/{class_}"))["items"]
    assert [(each["conversationId"], each["type"]) for each in found] == [(id_, expected)]
    told = found[0]["metadata"]
    assert (told["studentId"], told["classId"]) == (student, class_)
    names = (told["studentName"], told["className"])
    assert names == (("Bé An", None) if kind == STUDENT_GROUP else (None, "5A"))
    document = collection("conversations").find_one({"_id": id_}) or {}
    is_student = kind == STUDENT_GROUP
    assert document["key"] == (f"student:{SCHOOL}:{student}" if is_student else id_)
    assert_sound(id_)


def test_every_type_of_message_and_the_systems_sender(replaced: Replaced, as_user: AsUser) -> None:
    id_, mai, _ = pair_of(replaced)
    types = {IMAGE: "Image", VIDEO: "Video", AUDIO: "Audio", FILE: "File", SYSTEM: "System"}
    for minute, number in enumerate(types):
        replaced.message(id_, NIL, None, minutes=minute, Type=number)

    brought(replaced)

    found = history_of(as_user(mai, SCHOOL), id_)
    assert [each["type"] for each in found] == list(types.values())
    assert {(each["senderId"], each["senderName"]) for each in found} == {(NIL, "System")}
    assert_sound(id_)


def test_numbers_are_in_the_order_of_time_and_then_of_ids(replaced: Replaced) -> None:
    id_, mai, _ = pair_of(replaced)
    twins = [
        replaced.message(id_, mai, "cùng lúc", minutes=5, message_id=str(uuid4()))
        for _ in range(20)
    ]
    late = replaced.message(id_, mai, "sau", minutes=6)
    early = replaced.message(id_, mai, "trước", minutes=1)

    brought(replaced)

    found = stored(id_)
    assert [each["_id"] for each in found] == [early, *sorted(twins), late]
    assert [each["seq"] for each in found] == list(range(1, 23))


def test_both_kinds_of_guids_may_be_in_one_database(replaced: Replaced) -> None:
    id_, mai, _ = pair_of(replaced)
    subtypes = [*SUBTYPES.values()]
    for minute in range(6):
        replaced.subtype = subtypes[minute % 2]
        replaced.message(id_, mai, f"Tin {minute}", minutes=minute)

    outcome = brought(replaced)

    assert outcome["messagesNotBrought"] == 0
    assert [each["content"] for each in stored(id_)] == [f"Tin {each}" for each in range(6)]


def test_only_one_school_comes_if_it_is_asked_for(replaced: Replaced) -> None:
    ours, mai, _ = pair_of(replaced)
    replaced.message(ours, mai, "x", minutes=1)
    elsewhere = replaced.conversation(str(uuid4()), [replaced.person(mai, "Mai")])
    replaced.message(elsewhere, mai, "y", minutes=1)

    outcome = brought(replaced, "--tenant", SCHOOL.upper())

    assert outcome["conversations"]["brought"] == 1
    assert outcome["notes"] == {"wrong_last_message": 1, "wrong_unread": 1}
    assert stored(elsewhere) == []
    assert collection("conversations").find_one({"_id": elsewhere}) is None


@pytest.mark.parametrize("seed", range(6))
def test_a_school_with_all_its_damage_is_sound_here(replaced: Replaced, seed: int) -> None:
    replaced.subtype = [*SUBTYPES.values()][seed % 2]
    school = School(replaced, seed)

    outcome = brought(replaced)

    assert outcome["conversations"]["brought"] == len(school.conversations)
    assert outcome["notes"]["unknown_conversation"] == len(school.unknown)
    assert outcome["notes"]["merged_pair"] == 1
    for id_ in school.conversations:
        assert {each["_id"] for each in stored(id_)} == set(school.messages[id_])
        times = [each["sentAt"] for each in stored(id_)]
        assert times == sorted(times)
    assert_sound(*school.conversations)


def test_a_dry_run_tells_the_same_and_writes_nothing(replaced: Replaced) -> None:
    school = School(replaced, 7)
    names = ("conversations", "participants", "messages", "message_search", "history_imports")
    before = {name: collection(name).estimated_document_count() for name in names}

    code, told, error = run(replaced, "--dry-run")

    assert code == 0, error
    assert told["dryRun"] is True
    assert {name: collection(name).estimated_document_count() for name in names} == before
    really = brought(replaced)
    for outcome in (told, really):
        for name in ("dryRun", "seconds", "messagesPerSecond"):
            del outcome[name]
    assert told == really
    assert really["messages"] == sum(map(len, school.messages.values()))
