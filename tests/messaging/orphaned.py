"""Files that nobody needs, and the command that removes them."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from chat_project.mongodb import collection
from chat_project.timestamps import now
from conversations.cache import forget_record
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.attached import PDF, upload
from tests.messaging.conftest import data_of


@pytest.fixture(autouse=True)
def no_uploads_of_other_tests(database: None) -> Iterator[None]:
    """The command judges all uploads, and the files of other tests are in other folders."""
    collection("attachments").delete_many({})
    yield
    collection("attachments").delete_many({})


def purge(*options: str) -> str:
    told = StringIO()
    call_command("purge_orphan_attachments", *options, stdout=told)
    return told.getvalue()


def sent(user: Api, group: ConversationSettings, content: bytes = PDF, **more: Any) -> Any:
    return data_of(upload(user, group, content, **more))


def age(message: Any, *, hours: int = 200) -> None:
    """As if it had been sent so long ago; its acceptance record is over then."""
    long_ago = now() - timedelta(hours=hours)
    collection("attachments").update_one(
        {"messageId": message["messageId"]}, {"$set": {"touchedAt": long_ago}}
    )
    forget_record(message["messageId"])
