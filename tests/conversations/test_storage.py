from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import selectors
from conversations.models import Conversation, Participant, StaleSave
from conversations.values import ConversationSettings, Person

SENT_AT = datetime(2025, 11, 7, 10, 0, 0, 123_000, UTC)


def stages(plan: dict[str, Any]) -> set[str]:
    inner = [plan["inputStage"]] if "inputStage" in plan else plan.get("inputStages", [])
    return {plan["stage"]}.union(*(stages(one) for one in inner))


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("conversations", {"key": "student:school-1:student-1"}),
        ("conversations", {"tenantId": "school-1"}),
        ("conversations", {"tenantId": "school-1", "type": "OneToOne"}),
        ("participants", {"conversationId": "c"}),
        ("participants", {"conversationId": "c", "userId": "u"}),
        ("participants", {"conversationId": {"$in": ["c", "d"]}, "userId": {"$in": ["u", "v"]}}),
        ("participants", {"userId": "u"}),
    ],
    ids=["key", "tenant", "tenant and type", "members", "member", "many members", "of a user"],
)
def test_every_query_by_equality_uses_an_index(
    database: None, name: str, query: dict[str, Any]
) -> None:
    plan = collection(name).find(query).explain()["queryPlanner"]["winningPlan"]

    assert "IXSCAN" in stages(plan)
    assert "COLLSCAN" not in stages(plan)


def test_the_unique_indexes_are_plain(database: None) -> None:
    unique = [
        index
        for name in ("conversations", "participants")
        for index in collection(name).list_indexes()
        if index.get("unique")
    ]

    assert [list(index["key"]) for index in unique] == [["key"], ["conversationId", "userId"]]
    assert not any("partialFilterExpression" in index or "sparse" in index for index in unique)


def test_migrating_again_changes_nothing(database: None) -> None:
    output = StringIO()

    call_command("migrate", stdout=output, no_color=True)

    assert "No migrations to apply" in output.getvalue()


def test_no_migration_is_missing(database: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_an_existing_row_is_saved_by_named_fields_only(
    group: ConversationSettings, teacher: Person
) -> None:
    conversation = Conversation.objects.get(pk=group.id)
    participant = Participant.objects.get(conversation_id=group.id, user_id=teacher.user_id)

    for row in (conversation, participant):
        with pytest.raises(StaleSave, match="needs update_fields"):
            row.save()
    with pytest.raises(StaleSave, match="last_seq: the consumer alone"):
        conversation.save(update_fields=["name", "last_seq"])
    with pytest.raises(StaleSave, match="read_seq: the consumer alone"):
        participant.save(update_fields=["read_seq"])


def test_a_saved_field_leaves_the_others_alone(group: ConversationSettings) -> None:
    conversation = Conversation.objects.get(pk=group.id)
    change = {
        "$set": {"lastSeq": 5, "lastMessage": {"sentAt": SENT_AT}, "log.p3": {"t": 1, "o": 9}}
    }
    collection("conversations").update_one({"_id": group.id}, change)

    conversation.name = "Tổ Lý"
    conversation.save(update_fields=["name"])

    document = collection("conversations").find_one({"_id": group.id}) or {}
    assert (document["name"], document["lastSeq"]) == ("Tổ Lý", 5)
    assert document["lastMessage"] == {"sentAt": SENT_AT}
    assert document["log"] == {"p3": {"t": 1, "o": 9}}


def test_a_new_row_is_saved_in_the_shape_of_the_contract(database: None) -> None:
    moment = datetime(2025, 11, 7, tzinfo=UTC)
    conversation = Conversation(
        tenant_id="school-1",
        type="TeacherGroup",
        name="Tổ Toán",
        key=new_id(),
        created_at=moment,
        updated_at=moment,
        created_by="user-1",
        last_message={"messageId": "m", "sentAt": SENT_AT.replace(tzinfo=None)},
    )

    conversation.save()

    document = collection("conversations").find_one({"_id": conversation.id}) or {}
    assert document["lastMessage"] == {"messageId": "m", "sentAt": SENT_AT}
    assert {"tenantId", "isActive", "lastSeq", "createdAt", "createdBy"} <= document.keys()
    assert (document["lastSeq"], document["version"]) == (0, 1)
    assert document["createdAt"] == moment


def test_names_of_participants_are_one_query_for_exactly_the_pairs_asked(
    group: ConversationSettings, teacher: Person
) -> None:
    asked = {(group.id, teacher.user_id), (group.id, "nobody"), (new_id(), teacher.user_id)}

    assert selectors.participant_names(asked) == {(group.id, teacher.user_id): teacher.user_name}
    assert selectors.participant_names(set()) == {}
