"""What comes over of a message, field by field, as the REST API and the search show it."""

from uuid import uuid4

import pytest

from chat_project.mongodb import collection
from tests.history.conftest import (
    SCHOOL,
    SUBTYPES,
    AsUser,
    assert_sound,
    brought,
    data_of,
    history_of,
    pair_of,
    shown,
    stored,
)
from tests.history.replaced import AUDIO, FILE, IMAGE, NIL, READ, SYSTEM, VIDEO, Replaced, after


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
