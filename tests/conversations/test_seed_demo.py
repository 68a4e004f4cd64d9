import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from chat_project.mongodb import collection
from chat_project.settings.development import DEMO_ADMIN_PASSWORD, DEMO_ADMIN_USER
from chat_project.settings.environment import environment
from conversations.management.commands import seed_demo
from conversations.values import ConversationType, Role
from tests.processes import manage, running

TENANTS = {"school-1", "school-2"}


def seeded(*arguments: str) -> str:
    output = StringIO()
    call_command("seed_demo", *arguments, stdout=output)
    return output.getvalue()


def counts() -> dict[str, int]:
    """Of what the command makes: other tests work in the demo's schools as well."""
    made = {"tenantId": {"$in": list(TENANTS)}, "_id": {"$regex": "^0199aaaa-"}}
    ids = collection("conversations").distinct("_id", made)
    return {
        "conversations": len(ids),
        "participants": collection("participants").count_documents(
            {"conversationId": {"$in": ids}}
        ),
        "users": User.objects.filter(username=DEMO_ADMIN_USER).count(),
    }


@pytest.fixture
def demo(database: None) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(seeded("--json"))
    return parsed


def test_the_json_has_the_shape_of_the_contract(demo: dict[str, Any]) -> None:
    assert demo.keys() == {"tenants"}
    assert {tenant["tenantId"] for tenant in demo["tenants"]} == TENANTS
    for tenant in demo["tenants"]:
        assert tenant.keys() == {"tenantId", "users", "conversations"}
        assert all(user.keys() == {"userId", "userName"} for user in tenant["users"])
        users = {user["userId"]: user["userName"] for user in tenant["users"]}
        for conversation in tenant["conversations"]:
            assert conversation.keys() == {"conversationId", "type", "participants"}
            for one in conversation["participants"]:
                assert one.keys() == {"userId", "userName", "role"}
                assert users[one["userId"]] == one["userName"]


def test_each_school_has_every_type_and_several_users_of_every_role(demo: dict[str, Any]) -> None:
    for tenant in demo["tenants"]:
        conversations = tenant["conversations"]
        assert {one["type"] for one in conversations} == set(ConversationType)
        roles = [p["role"] for one in conversations for p in one["participants"]]
        assert all(roles.count(role) > 1 for role in Role)


def test_each_school_has_one_archived_conversation_which_is_not_in_the_json(
    demo: dict[str, Any],
) -> None:
    for tenant in demo["tenants"]:
        archived = collection("conversations").distinct(
            "_id", {"tenantId": tenant["tenantId"], "isActive": False}
        )
        assert len(archived) == 1
        assert archived[0] not in {one["conversationId"] for one in tenant["conversations"]}


def test_seeding_again_gives_the_same_and_makes_nothing_new(demo: dict[str, Any]) -> None:
    before = counts()

    assert json.loads(seeded("--json")) == demo
    assert counts() == before
    assert before["conversations"] == 12
    assert before["users"] == 1


def test_the_table_is_for_people(demo: dict[str, Any]) -> None:
    table = seeded()

    assert "Nguyễn Văn Hùng" in table
    assert demo["tenants"][1]["conversations"][0]["conversationId"] in table


def test_the_demo_administrator_can_sign_in(demo: dict[str, Any]) -> None:
    administrator = User.objects.get(username=DEMO_ADMIN_USER)

    assert administrator.is_superuser
    assert administrator.check_password(DEMO_ADMIN_PASSWORD)


def test_production_is_never_seeded(monkeypatch: pytest.MonkeyPatch, database: None) -> None:
    production = environment().model_copy(update={"django_debug": False})
    monkeypatch.setattr(seed_demo, "environment", lambda: production)

    with pytest.raises(CommandError, match="DJANGO_DEBUG=true"):
        seeded()


def test_without_mongodb_it_fails_with_one_line() -> None:
    with running(manage("seed_demo"), {"MONGODB_URI": "mongodb://127.0.0.1:9"}) as process:
        assert process.wait() == 1
        [line] = process.output().splitlines()

    assert line.startswith("CommandError: MongoDB: ")
