"""The replaced system's MongoDB, which is only read. Everything here raises SourceFails."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from bson.codec_options import DatetimeConversion
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError

from chat_project import mongodb
from chat_project.mongodb import Document
from consumers.errors import ConsumerError, Refused
from consumers.history.values import forms_of, guid_of

CONVERSATIONS, MESSAGES = "conversations", "messages"
AT_ONCE = 1_000
SELECTION_SECONDS = 5

_OVERVIEW = dict.fromkeys(
    ("ConversationId", "TenantId", "Type", "CreatedAt", "Participants.UserId"), 1
) | {"Metadata.StudentId": 1}


class SourceFails(ConsumerError):
    """The replaced system's MongoDB does not answer, refuses, or has changed while it was read."""


class Quoted(NamedTuple):
    """What a reply needs to know of the message that it answers."""

    conversation_id: str | None
    is_deleted: bool


class Source:
    """Connected at its first use. Raises Refused for an address that is none."""

    def __init__(self, uri: str, database_name: str) -> None:
        try:
            self._client: MongoClient[Document] = MongoClient(
                uri,
                tz_aware=True,
                datetime_conversion=DatetimeConversion.DATETIME_AUTO,
                unicode_decode_error_handler="replace",
                serverSelectionTimeoutMS=SELECTION_SECONDS * 1_000,
                appname="emis-chat-history",
            )
        except (ConfigurationError, InvalidURI, ValueError) as error:
            raise Refused(f"the address of the source: {error}") from error
        self._database = self._client[database_name]

    def close(self) -> None:
        self._client.close()

    def check(self) -> None:
        """Raises Refused when it is not the replaced system's database, or is this service's own, and
        pymongo's errors of the latter."""
        here = mongodb.database()
        ours = _process_of(here.client.admin.command("hello"))
        with _telling():
            names = set(self._database.list_collection_names())
            theirs = _process_of(self._client.admin.command("hello"))
        if missing := sorted({CONVERSATIONS, MESSAGES} - names):
            raise Refused(
                f"the source has no collection {' and '.join(missing)} in its database"
                f" {self._database.name}: see --source-database"
            )
        if (ours, here.name) == (theirs, self._database.name):
            raise Refused(f"the source is this service's own database {here.name}")

    def is_indexed(self) -> bool:
        """Whether the messages of a conversation are found without reading all there are."""
        with _telling():
            indexes = self._database[MESSAGES].index_information().values()
        return any(index["key"][0][0] == "ConversationId" for index in indexes)

    def overview(self) -> Iterator[Document]:
        """Of each conversation what tells it apart, in the order of their making."""
        yield from self._find(CONVERSATIONS, {}, _OVERVIEW)

    def conversation(self, source_id: object) -> Document:
        """By the `_id` of its document; empty if it is gone."""
        with _telling():
            return self._database[CONVERSATIONS].find_one({"_id": source_id}) or {}

    def message_counts(self) -> Iterator[tuple[object, int]]:
        """(ConversationId as it stands there, number of messages); reads all messages once."""
        stages: list[Document] = [{"$group": {"_id": "$ConversationId", "count": {"$sum": 1}}}]
        with _telling():
            for each in self._messages.aggregate(stages, allowDiskUse=True):
                yield each["_id"], int(each["count"])

    def messages(self, forms: Sequence[object]) -> Iterator[Document]:
        """All whose ConversationId is one of these values, in the order of time; equal times in no
        order."""
        query = {"ConversationId": {"$in": list(forms), "$not": {"$type": "array"}}}
        yield from self._find(MESSAGES, query, by_time=True)

    def messages_of(self, conversation_id: object) -> Iterator[Document]:
        """Those with this very value, or without any for None; in no order."""
        yield from self._find(MESSAGES, {"ConversationId": conversation_id})

    def quoted(self, message_ids: Sequence[str]) -> dict[str, Quoted]:
        """Those of these messages that are there; by the unique index on MessageId."""
        forms = [form for id_ in message_ids for form in forms_of(id_)]
        fields = {"MessageId": 1, "ConversationId": 1, "IsDeleted": 1}
        found = self._find(MESSAGES, {"MessageId": {"$in": forms}}, fields) if forms else ()
        return {
            id_: Quoted(guid_of(each.get("ConversationId")), each.get("IsDeleted") is True)
            for each in found
            if (id_ := guid_of(each.get("MessageId"))) is not None
        }

    @property
    def _messages(self) -> Collection[Document]:
        return self._database[MESSAGES]

    def _find(
        self, name: str, query: Document, fields: Any = None, *, by_time: bool = False
    ) -> Iterator[Document]:
        with _telling():
            found = self._database[name].find(query, fields, batch_size=AT_ONCE)
            if by_time:
                found = found.sort("SentAt", 1).allow_disk_use(allow_disk_use=True)
            yield from found


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except PyMongoError as error:
        raise SourceFails(f"the source (HISTORY_MONGODB_URI, --source-uri): {error}") from error


def _process_of(hello: Document) -> Any:
    """What no two running servers share; MongoDB tells it since 4.4."""
    return (hello.get("topologyVersion") or {}).get("processId") or hello.get("me")
