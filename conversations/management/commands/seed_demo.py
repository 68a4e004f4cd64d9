"""`seed_demo [--json]`: two schools, their conversations and the demo administrator."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from pymongo.errors import PyMongoError
from typing_extensions import override

from chat_project.commands import ProductCommand
from chat_project.mongodb import described
from chat_project.settings.development import DEMO_ADMIN_PASSWORD, DEMO_ADMIN_USER
from chat_project.settings.environment import environment
from conversations.demo import SCHOOLS, School, seed
from conversations.models import Participant
from conversations.values import ConversationSettings


class Command(ProductCommand):
    help = (
        "Makes the demo schools, if they are not there yet. Only with DJANGO_DEBUG=true. Exit 0:"
        " they are there; 1: not allowed here, or MongoDB is away; 2: wrong arguments."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json",
            action="store_true",
            help="print schools, users and active conversations for machines (contract section 8)",
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        if not environment().django_debug:
            raise CommandError(
                "seed_demo is for development: it makes an administrator with a known password."
                " Set DJANGO_DEBUG=true if this is no production database."
            )
        try:
            _make_administrator()
            tenants = [_tenant(school, seed(school)) for school in SCHOOLS]
        except (DatabaseError, PyMongoError) as error:
            raise CommandError(described(error)) from error
        self.stdout.write(json.dumps({"tenants": tenants}) if options["json"] else _table(tenants))


def _make_administrator() -> None:
    if not User.objects.filter(username=DEMO_ADMIN_USER).exists():
        User.objects.create_superuser(DEMO_ADMIN_USER, password=DEMO_ADMIN_PASSWORD)


def _tenant(school: School, conversations: Sequence[ConversationSettings]) -> dict[str, Any]:
    active = [conversation for conversation in conversations if conversation.is_active]
    participants = _participants([conversation.id for conversation in active])
    return {
        "tenantId": school.tenant_id,
        "users": [{"userId": one.user_id, "userName": one.user_name} for one in school.people],
        "conversations": [
            {
                "conversationId": conversation.id,
                "type": conversation.type.value,
                "participants": participants[conversation.id],
            }
            for conversation in active
        ],
    }


def _participants(conversation_ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for one in Participant.objects.filter(conversation_id__in=conversation_ids):
        found[one.conversation_id].append(
            {"userId": one.user_id, "userName": one.user_name, "role": one.role}
        )
    return found


def _table(tenants: Sequence[dict[str, Any]]) -> str:
    lines: list[str] = []
    for tenant in tenants:
        lines += ["", tenant["tenantId"]]
        for conversation in tenant["conversations"]:
            lines += ["", f"  {conversation['conversationId']}  {conversation['type']}"]
            lines += [
                f"    {one['role']:<9} {one['userId']:<20} {one['userName']}"
                for one in conversation["participants"]
            ]
    lines += ["", f"Administrator: {DEMO_ADMIN_USER} / {DEMO_ADMIN_PASSWORD}"]
    return "\n".join(lines).lstrip()
