"""Every endpoint against everybody who has no business there. A new endpoint needs a row."""

from typing import Any

import pytest
from django.test import Client

from chat_project.identifiers import new_id
from conversations import services
from conversations.values import Role
from tests.conftest import Api
from tests.endpoints import all_endpoints
from tests.messaging.conftest import BATCH, TEXT, data_of, error_of, records_in, text_for
from tests.security.conftest import SECRET_TEXT, Room, told_secrets
from tests.security.rows import ROWS, Kind, Target, call, path_of, refusal


def rows(*kinds: Kind) -> Any:
    return pytest.mark.parametrize(
        "endpoint", [name for name, row in ROWS.items() if row.kind in kinds]
    )


def elsewhere(**changes: str) -> Target:
    """Ids that nothing has."""
    made = {name: new_id() for name in Target._fields if name != "message_type"}
    return Target(**(made | changes))


def test_every_endpoint_has_a_row() -> None:
    assert set(ROWS) == {str(endpoint) for endpoint in all_endpoints()}


@rows(Kind.CONVERSATION, Kind.MESSAGE)
def test_another_school_is_answered_as_for_an_id_that_nothing_has(
    room: Room, endpoint: str
) -> None:
    before = room.everything()

    response = call(room.foreigner, endpoint, room.target)

    assert refusal(response) == (404, ROWS[endpoint].kind.value)
    unknown = call(room.foreigner, endpoint, elsewhere())
    assert what_is_said(response) == what_is_said(unknown)
    assert told_secrets(response) == []
    assert room.everything() == before


@rows(Kind.CONVERSATION, Kind.MESSAGE)
@pytest.mark.parametrize("who", ["stranger", "former"])
def test_who_is_not_in_it_any_more_or_never_was_is_refused(
    room: Room, endpoint: str, who: str
) -> None:
    before = room.everything()

    response = call(getattr(room, who), endpoint, room.target)

    assert refusal(response) == (403, "not_a_participant")
    assert told_secrets(response) == []
    assert room.everything() == before


@rows(Kind.MESSAGE)
def test_who_was_removed_has_nothing_left_of_their_own_messages(room: Room, endpoint: str) -> None:
    before = room.everything()

    response = call(room.former, endpoint, room.target._replace(message_id=room.own_message_id))

    assert refusal(response) == (403, "not_a_participant")
    assert told_secrets(response) == []
    assert room.everything() == before


@rows(Kind.CONVERSATION, Kind.MESSAGE, Kind.OWN_LIST)
def test_a_reader_may_what_the_rules_say(room: Room, endpoint: str) -> None:
    row, target, before = ROWS[endpoint], room.target, room.everything()
    if endpoint.startswith("GET /conversations/user/"):
        target = target._replace(user_id=room.reader.user_id)

    response = call(room.reader, endpoint, target)

    assert refusal(response) == ((403, row.reader) if row.reader else (200, None))
    if row.reader:
        assert room.everything() == before


def test_a_reader_does_not_edit_what_they_wrote_before(room: Room, api: Any) -> None:
    writer = api(tenant_id=room.teacher.tenant_id)
    services.add_participants(room.group.id, [writer.person], Role.MEMBER)
    sent = data_of(writer.post(TEXT, text_for(room.group)))["messageId"]
    services.change_role(room.group.id, writer.user_id, Role.READ_ONLY)

    response = call(writer, "PUT /messages/{message_id}", room.target._replace(message_id=sent))

    assert refusal(response) == (403, "read_only")


@rows(Kind.CONVERSATION, Kind.MESSAGE)
def test_a_guessed_id_is_404_for_a_participant_too(room: Room, endpoint: str) -> None:
    before = room.everything()

    response = call(room.teacher, endpoint, elsewhere(user_id=room.teacher.user_id))

    assert refusal(response) == (404, ROWS[endpoint].kind.value)
    assert room.everything() == before


def test_a_participant_with_a_guessed_id_is_404(room: Room) -> None:
    target = room.target._replace(user_id=new_id())

    response = call(
        room.teacher, "DELETE /conversations/{conversation_id}/participants/{user_id}", target
    )

    assert refusal(response) == (404, "participant_not_found")


@rows(Kind.MESSAGE)
@pytest.mark.parametrize("who", ["reader", "stranger", "foreigner"])
def test_a_message_on_its_way_is_known_to_its_sender_alone(
    room: Room, endpoint: str, who: str
) -> None:
    sent = data_of(room.teacher.post(TEXT, text_for(room.group)))["messageId"]

    response = call(getattr(room, who), endpoint, room.target._replace(message_id=sent))

    assert refusal(response) == (404, "message_not_found")


@rows(Kind.CONVERSATION, Kind.MESSAGE)
def test_other_methods_tell_no_more(room: Room, endpoint: str) -> None:
    before = room.everything()
    path = f"{path_of(endpoint, room.target)}?{ROWS[endpoint].query}"

    for method in ("HEAD", "OPTIONS", "PATCH", "TRACE"):
        anonymous = Client().generic(method, path)
        assert anonymous.status_code in (401, 405), method
        foreign = room.foreigner.client.generic(method, path)
        assert foreign.status_code in (200, 404, 405), method
        assert told_secrets(foreign) == [], method
        if foreign.status_code == 200:
            assert method == "OPTIONS", "which answers what the endpoint is, to everybody alike"
            assert foreign.content.count(room.group.id.encode()) == 0
    assert room.everything() == before


ODD_IDS = {
    "NUL": "\0",
    "dots": "..",
    "a path": "../../admin",
    "long": "x" * 5_000,
    "emoji": "😀",
    "braces": "{0}",
    "a format": "%s%n",
    "blank": " ",
    "a key": "message:a:accepted",
}


@pytest.mark.parametrize("endpoint", ROWS)
def test_no_odd_id_is_an_error_of_ours(room: Room, endpoint: str) -> None:
    before = room.everything()

    for name, odd in ODD_IDS.items():
        response = call(room.stranger, endpoint, Target(*[odd] * len(Target._fields)))
        assert response.status_code < 500, name
        assert told_secrets(response) == [], name
    assert room.everything() == before


@rows(Kind.OWN_LIST)
@pytest.mark.parametrize("who", ["foreigner", "stranger", "former"])
def test_lists_hold_nothing_that_the_user_is_not_in(room: Room, endpoint: str, who: str) -> None:
    user: Api = getattr(room, who)

    response = call(user, endpoint, room.target._replace(user_id=user.user_id))

    assert data_of(response)["items"] == []
    assert data_of(response)["totalCount"] == 0


@pytest.mark.parametrize("who", ["stranger", "former", "reader"])
def test_nobody_reads_another_users_list(room: Room, who: str) -> None:
    response = call(getattr(room, who), "GET /conversations/user/{user_id}", room.target)

    assert refusal(response) == (403, "user_mismatch")
    assert told_secrets(response) == []


@rows(Kind.FOUNDING)
def test_another_school_founds_its_own_under_the_same_ids(room: Room, endpoint: str) -> None:
    before = room.everything()
    target = room.target._replace(user_id=room.stranger.user_id)

    response = call(room.foreigner, endpoint, target)

    assert data_of(response)["conversationId"] != room.group.id
    assert told_secrets(response) == []
    assert room.everything() == before


@pytest.mark.parametrize("who", ["stranger", "former"])
def test_founding_what_is_there_shows_it_to_its_people_only(room: Room, who: str) -> None:
    before = room.everything()
    user: Api = getattr(room, who)
    names_oneself = room.target._replace(user_id=user.user_id)

    response = call(user, "POST /conversations/student-group", names_oneself)

    assert refusal(response) == (403, "not_a_participant")
    assert told_secrets(response) == []
    assert room.everything() == before


@pytest.mark.parametrize("who", ["reader", "foreigner"])
def test_another_users_idempotency_key_leads_nowhere(room: Room, who: str) -> None:
    key = new_id()
    body = {"name": "Ban giám hiệu 4714", "userName": "Somebody"}
    path = "/api/v1/conversations/teacher-group"
    first = data_of(room.teacher.post(path, body, idempotency_key=key))

    second = data_of(getattr(room, who).post(path, body, idempotency_key=key))

    assert second["conversationId"] != first["conversationId"]
    assert second["createdBy"] == getattr(room, who).user_id


def test_another_senders_idempotency_key_makes_another_message(room: Room, api: Any) -> None:
    member = api(tenant_id=room.teacher.tenant_id)
    services.add_participants(room.group.id, [member.person], Role.MEMBER)
    key = new_id()
    first = data_of(room.teacher.post(TEXT, text_for(room.group, "a"), idempotency_key=key))

    second = data_of(member.post(TEXT, text_for(room.group, "b"), idempotency_key=key))

    assert (second["content"], second["messageId"] != first["messageId"]) == ("b", True)


def what_is_said(response: Any) -> Any:
    """The error without what differs by nature."""
    answer = response.json()
    return answer["data"] or error_of(response)


def test_a_batch_is_judged_text_by_text(room: Room, new_conversation: Any) -> None:
    own = new_conversation(room.foreigner)
    before = room.everything()

    response = room.foreigner.post(BATCH, [text_for(own), text_for(room.group), text_for(own)])

    assert [item["success"] for item in data_of(response)] == [True, False, True]
    assert data_of(response)[1]["error"]["code"] == "conversation_not_found"
    assert room.everything() == before


def test_a_reply_to_another_schools_message_quotes_nothing(
    room: Room, new_conversation: Any
) -> None:
    own = new_conversation(room.foreigner)

    response = room.foreigner.post(TEXT, text_for(own, replyToMessageId=room.target.message_id))

    assert data_of(response)["replyTo"] == {
        "messageId": room.target.message_id,
        "content": None,
        "senderName": None,
    }
    (record,) = records_in(own.id)
    assert SECRET_TEXT not in (record.value() or b"").decode()
