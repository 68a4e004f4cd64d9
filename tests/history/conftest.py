"""The replaced system beside the product, and imports of it."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from bson.binary import OLD_UUID_SUBTYPE, UUID_SUBTYPE
from django.core.management import CommandError, call_command
from pymongo import MongoClient

from chat_project.mongodb import collection
from chat_project.settings.environment import environment
from chat_project.timestamps import format_timestamp
from consumers.audit import Report, Scope, reconcile
from tests.conftest import Api
from tests.history.replaced import ONE_TO_ONE, Document, Replaced, after

SUBTYPES = {"subtype 3": OLD_UUID_SUBTYPE, "subtype 4": UUID_SUBTYPE}

SCHOOL = "3d2f1c6e-0a4b-4c8d-9e7f-1a2b3c4d5e6f"
"""No two of its bytes are alike, so that a wrong byte order shows."""

AsUser = Callable[[str, str], Api]


@pytest.fixture
def replaced(database: None) -> Iterator[Replaced]:
    """A database of the replaced system, of this test alone."""
    with replaced_database() as made:
        yield made


@contextmanager
def replaced_database() -> Iterator[Replaced]:
    """By a client of its own, which waits as long as it takes."""
    name = f"replaced_{uuid4().hex[:12]}"
    theirs: MongoClient[Document] = MongoClient(environment().mongodb_uri)
    try:
        yield Replaced(theirs[name])
    finally:
        theirs.drop_database(name)
        theirs.close()


def pair_of(replaced: Replaced, **fields: object) -> tuple[str, str, str]:
    """A OneToOne: (conversation, Mai, Dũng)."""
    mai, dung = str(uuid4()), str(uuid4())
    people = [replaced.person(mai, "Mai"), replaced.person(dung, "Dũng")]
    id_ = replaced.conversation(SCHOOL, people, kind=ONE_TO_ONE, name="Mai - Dũng", **fields)
    return id_, mai, dung


def run(replaced: Replaced, *options: str) -> tuple[int, Document, str]:
    """Exit code, what `--json` printed, and the error. Of the command in this process."""
    output, source = io.StringIO(), environment().mongodb_uri
    given = ["--source-uri", source, "--source-database", replaced.database.name, "--json"]
    code, error = 0, ""
    try:
        call_command("import_history", *given, *options, stdout=output)
    except CommandError as raised:
        code, error = raised.returncode, str(raised)
    printed = output.getvalue()
    return code, json.loads(printed) if printed else {}, error


def brought(replaced: Replaced, *options: str) -> Document:
    """What the import tells; it must have brought everything that it could."""
    code, outcome, error = run(replaced, *options)
    assert code == 0, error
    return outcome


def audited(*conversation_ids: str) -> Report:
    """What `reconcile` says of these conversations."""
    scope = Scope(frozenset(conversation_ids))
    return reconcile(environment(), scope, second_look_seconds=0)


def assert_sound(*conversation_ids: str) -> None:
    report = audited(*conversation_ids)
    assert report.differences == {}, report.findings
    assert report.checked["conversations"] == len(conversation_ids)


def stored(conversation_id: str) -> list[Document]:
    """Its messages by number."""
    return list(collection("messages").find({"conversationId": conversation_id}).sort("seq", 1))


def everything(conversation_ids: set[str]) -> dict[str, list[Document]]:
    """All that an import writes of these conversations, without what differs between two imports:
    the number that a conversation got, and generated ids."""
    found: dict[str, list[Document]] = {}
    ids = {"$in": sorted(conversation_ids)}
    for name, field, order in (
        ("conversations", "_id", "_id"),
        ("participants", "conversationId", "userId"),
        ("messages", "conversationId", "_id"),
        ("message_search", "conversationId", "_id"),
    ):
        documents = collection(name).find({field: ids}).sort([(field, 1), (order, 1)])
        found[name] = [_without_chance(name, each) for each in documents]
    return found


def _without_chance(name: str, document: Document) -> Document:
    if name == "participants":
        del document["_id"]
    for place in ("src", "rev", "version"):
        if isinstance(document.get(place), dict):
            document[place].pop("p")
    if "log" in document:
        document["log"] = list(document["log"].values())
    return document


@pytest.fixture
def as_user(api: Callable[..., Api]) -> AsUser:
    """Signs in somebody of a school that came from the replaced system."""

    def sign_in(user_id: str, tenant_id: str) -> Api:
        return api(user_id, tenant_id)

    return sign_in


def data_of(response: Any) -> Any:
    assert response.status_code == 200, response.content
    return response.json()["data"]


def history_of(user: Api, conversation_id: str) -> list[Document]:
    """Over the REST API, oldest first."""
    path = f"/api/v1/messages/conversation/{conversation_id}"
    found: list[Document] = data_of(user.get(path, pageSize=200))["messages"]
    return found[::-1]


def shown(minutes: float) -> str:
    return format_timestamp(after(minutes))
