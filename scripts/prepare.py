"""`python -m scripts.prepare`: what must exist before the product runs; prints the demo as JSON.

One process for all commands, because each would spend seconds on starting Django.
"""

import io
import json
import os
from dataclasses import asdict, dataclass
from typing import Any

import django
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from pymongo.errors import PyMongoError

from chat_project.settings.environment import SettingsError

TOKEN_SECONDS = 8 * 3_600


@dataclass(frozen=True)
class Demo:
    """Someone of the demo data who may write to a conversation, with a token for it."""

    tenant_id: str
    conversation_id: str
    user_id: str
    user_name: str
    token: str

    @classmethod
    def from_json(cls, text: str) -> "Demo":
        return cls(**json.loads(text))


def main() -> None:
    """Ends with exit code 1 and one line when a setting is wrong or a server is away."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings.django")
    try:
        django.setup()
        demo = _prepare()
    except (SettingsError, CommandError) as error:
        raise SystemExit(f"prepare: {error}") from error
    except (DatabaseError, PyMongoError) as error:
        raise SystemExit(
            f"prepare: MongoDB is away or refuses; start it, or correct MONGODB_URI: {error}"
        ) from error
    print(json.dumps(asdict(demo)))


def _prepare() -> Demo:
    for command in ("migrate", "create_topics", "create_indexes"):
        call_command(command, verbosity=0, stdout=io.StringIO())
    return _someone_who_may_write(json.loads(_output("seed_demo", "--json")))


def _someone_who_may_write(seeded: dict[str, Any]) -> Demo:
    tenant = seeded["tenants"][0]
    conversation = tenant["conversations"][0]
    sender = next(one for one in conversation["participants"] if one["role"] != "ReadOnly")
    who = ["--user", sender["userId"], "--tenant", tenant["tenantId"], "--name", sender["userName"]]
    return Demo(
        tenant_id=tenant["tenantId"],
        conversation_id=conversation["conversationId"],
        user_id=sender["userId"],
        user_name=sender["userName"],
        token=_output("issue_token", *who, "--ttl", str(TOKEN_SECONDS)),
    )


def _output(command: str, *arguments: str) -> str:
    output = io.StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue().strip()


if __name__ == "__main__":
    main()
