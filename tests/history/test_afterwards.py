"""What came from the replaced system lives on: new messages, changes, reads, a rebuild."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from conversations.cache import Lookup, look_up
from tests.conftest import Api
from tests.consumers.events import change, event
from tests.consumers.rebuild.conftest import live
from tests.consumers.rebuild.lives import Live, content
from tests.history.conftest import (
    SCHOOL,
    assert_sound,
    brought,
    data_of,
    history_of,
    pair_of,
    replaced_database,
    stored,
)
from tests.history.replaced import ADMIN, BEGINNING, Replaced, School
from tests.messaging.storing import store_sent

AsUser = Callable[[str, str], Api]

__all__ = ["live"]


@pytest.fixture
def room(replaced: Replaced) -> tuple[str, str, str, list[str]]:
    """A OneToOne with three messages: (conversation, Mai, Dũng, messages)."""
    id_, mai, dung = pair_of(replaced)
    sent = [replaced.message(id_, dung, f"Tin {minute}", minutes=minute) for minute in (1, 2, 3)]
    brought(replaced)
    return id_, mai, dung, sent


def test_new_messages_go_on_behind_the_old_ones(
    room: tuple[str, str, str, list[str]], as_user: AsUser
) -> None:
    id_, mai, dung, sent = room
    body = {"conversationId": id_, "content": "Từ nay ở đây", "replyToMessageId": sent[0]}
    answer = as_user(mai, SCHOOL).post("/api/v1/messages/text", body)
    new = data_of(answer)["messageId"]

    store_sent(id_)

    found = history_of(as_user(dung, SCHOOL), id_)
    assert [each["seq"] for each in found] == [1, 2, 3, 4]
    assert (found[-1]["messageId"], found[-1]["replyTo"]["content"]) == (new, "Tin 1")
    shown = data_of(as_user(dung, SCHOOL).get(f"/api/v1/conversations/{id_}"))
    assert (shown["lastMessage"]["messageId"], shown["unreadCount"]) == (new, 1)
    assert_sound(id_)


def test_old_messages_can_be_changed_as_any(
    room: tuple[str, str, str, list[str]], as_user: AsUser
) -> None:
    id_, mai, dung, sent = room
    user, sender = as_user(mai, SCHOOL), as_user(dung, SCHOOL)
    one, two, three = (f"/api/v1/messages/{each}" for each in sent)
    data_of(user.post(f"{one}/reactions", {"emojiCode": "👍"}))
    data_of(user.post(f"{one}/pin", None))
    data_of(sender.delete(three))
    data_of(user.post(f"/api/v1/messages/conversation/{id_}/read", {}))
    assert sender.put(two, {"content": "x"}).json()["error"]["code"] == "edit_window_over"

    store_sent(id_)

    found = history_of(user, id_)
    assert [each["emojiCode"] for each in found[0]["reactions"]] == ["👍"]
    assert found[0]["isPinned"] is True
    assert found[2]["isDeleted"] is True
    assert [each["readCount"] for each in found] == [1, 1, 1]
    head = data_of(user.get(f"/api/v1/conversations/{id_}"))
    assert (head["lastMessage"]["messageId"], head["unreadCount"]) == (sent[1], 0)
    assert_sound(id_)


def test_who_asked_too_early_is_let_in_at_once(replaced: Replaced, as_user: AsUser) -> None:
    id_, mai, dung = pair_of(replaced)
    replaced.message(id_, dung, "x", minutes=1)
    user = as_user(mai, SCHOOL)
    assert user.get(f"/api/v1/messages/conversation/{id_}").status_code == 404

    brought(replaced)

    assert len(history_of(user, id_)) == 1
    [found] = look_up([Lookup(id_, mai)])
    assert found.settings is not None
    assert found.membership.role == "Member"


@pytest.fixture
def school_of_its_own(live: Live, database: None) -> Iterator[tuple[Live, School]]:
    """A whole database with nothing but a school that came, and a consumer for it."""
    with replaced_database() as replaced:
        school = School(replaced, 3)
        brought(replaced)
        yield live, school


def test_a_whole_database_is_sound_and_stays_so(
    school_of_its_own: tuple[Live, School],
) -> None:
    live, school = school_of_its_own
    rooms = sorted(school.conversations)
    code, output = live.command("reconcile")
    assert code == 0, output
    fields: dict[str, Any] = {"tenant_id": school.tenant_id, "senderId": school.users[0]}
    live.pipeline.produce([event(room, **fields) for room in rooms for _ in range(3)])
    changed = {"tenant_id": school.tenant_id, "userId": school.users[0]}
    some = [(room, ids[0]) for room, ids in school.messages.items() if ids]
    live.pipeline.produce(
        [change(room, messageId=id_, emojiCode="👍", **changed) for room, id_ in some],
        event_type="MessageReactionAddedEvent",
    )
    live.pipeline.produce(
        [
            change(room, messageId=ids[-1], **changed)
            for room, ids in school.messages.items()
            if ids
        ],
        event_type="MessageDeletedEvent",
    )
    live.drain()

    code, output = live.command("reconcile")

    assert code == 0, output
    for room in rooms:
        numbers = [each["seq"] for each in stored(room)]
        assert numbers == list(range(1, len(school.messages[room]) + 4))


def test_a_rebuilt_database_has_the_history_too(
    school_of_its_own: tuple[Live, School],
) -> None:
    live, school = school_of_its_own
    fields: dict[str, Any] = {"tenant_id": school.tenant_id, "senderId": school.users[0]}
    live.pipeline.produce([event(room, **fields) for room in sorted(school.conversations)])
    live.drain()

    rebuilt = live.rebuild()

    assert rebuilt["renumbered"] == 0
    assert rebuilt["copied"] == sum(map(len, school.messages.values()))
    assert content(live.into) == content(live.name)


def test_a_conversation_without_messages_comes_too(replaced: Replaced, as_user: AsUser) -> None:
    mai = str(uuid4())
    id_ = replaced.conversation(SCHOOL, [replaced.person(mai, "Mai", ADMIN)])
    brought(replaced)

    shown = data_of(as_user(mai, SCHOOL).get(f"/api/v1/conversations/{id_}"))

    assert shown["createdBy"] == "00000000-0000-0000-0000-000000000000"
    assert shown["lastActivityAt"].startswith(f"{BEGINNING:%Y-%m-%d}")
    assert shown["lastMessage"] is None
    assert_sound(id_)
