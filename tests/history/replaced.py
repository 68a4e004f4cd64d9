"""The replaced system's MongoDB, written as its C# driver leaves it, with all known damage.

Element names are PascalCase, `_id` is a second guid, guids are binary (subtype 3 in C#'s byte order,
or subtype 4), enums are int32, dates UTC, and a list may be missing, null or an array.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from bson.binary import OLD_UUID_SUBTYPE, UUID_SUBTYPE, Binary
from bson.int64 import Int64
from pymongo.database import Database

Document = dict[str, Any]

BEGINNING = datetime(2024, 9, 2, 7, 0, tzinfo=UTC)
"""When the first conversation was made; messages follow minute by minute."""

NIL = "00000000-0000-0000-0000-000000000000"

ONE_TO_ONE, STUDENT_GROUP, CLASS_GROUP, TEACHER_GROUP, CHANNEL = range(1, 6)
TEXT, IMAGE, VIDEO, AUDIO, FILE, SYSTEM = range(1, 7)
MEMBER, ADMIN, READ_ONLY = range(1, 4)
SENT, DELIVERED, READ = range(1, 4)


def after(minutes: float) -> datetime:
    return BEGINNING + timedelta(minutes=minutes)


class Replaced:
    """One database of the replaced system. `subtype`: of the guids that it writes."""

    def __init__(self, database: "Database[Document]", subtype: int = OLD_UUID_SUBTYPE) -> None:
        self.database = database
        self.subtype = subtype
        database["messages"].create_index("MessageId", unique=True)
        database["messages"].create_index([("ConversationId", 1), ("SentAt", 1)])
        database.create_collection("conversations")

    def guid(self, text: str | None) -> Binary | None:
        if text is None:
            return None
        guid = UUID(text)
        if self.subtype == OLD_UUID_SUBTYPE:
            return Binary(guid.bytes_le, OLD_UUID_SUBTYPE)
        return Binary(guid.bytes, UUID_SUBTYPE)

    def person(self, user_id: str, name: str, role: int = MEMBER, **fields: Any) -> Document:
        return {
            "UserId": self.guid(user_id),
            "UserName": name,
            "Role": role,
            "JoinedAt": BEGINNING,
            "LastReadAt": None,
            "UnreadCount": 0,
            **fields,
        }

    def conversation(
        self,
        tenant_id: str,
        people: Sequence[Document] | None,
        *,
        kind: int = TEACHER_GROUP,
        name: str | None = "Tổ Toán",
        conversation_id: str | None = None,
        metadata: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> str:
        """Gives its id. `metadata`: StudentId and ClassId as texts. A field that is None is null."""
        conversation_id = conversation_id or str(uuid4())
        self.database["conversations"].insert_one(
            {
                "_id": self.guid(str(uuid4())),
                "TenantId": self.guid(tenant_id),
                "ConversationId": self.guid(conversation_id),
                "Type": kind,
                "Name": name,
                "Metadata": self._metadata(metadata or {}),
                "Participants": people,
                "LastMessage": None,
                "CreatedAt": BEGINNING,
                "UpdatedAt": after(1_000_000),
                "IsActive": True,
                **fields,
            }
        )
        return conversation_id

    def message(
        self,
        conversation_id: str,
        sender_id: str,
        content: str | None,
        *,
        minutes: float,
        message_id: str | None = None,
        **fields: Any,
    ) -> str:
        """Gives its id; sent so many minutes after the beginning."""
        message_id = message_id or str(uuid4())
        document = self.message_document(
            conversation_id, sender_id, content, minutes=minutes, message_id=message_id
        )
        self.database["messages"].insert_one({**document, **fields})
        return message_id

    def message_document(
        self,
        conversation_id: str,
        sender_id: str,
        content: str | None,
        *,
        minutes: float,
        message_id: str,
    ) -> Document:
        return {
            "_id": self.guid(str(uuid4())),
            "MessageId": self.guid(message_id),
            "ConversationId": self.guid(conversation_id),
            "SenderId": self.guid(sender_id),
            "SenderName": "System" if sender_id == NIL else f"Người {sender_id[-2:]}",
            "Content": content,
            "Type": TEXT,
            "ReplyTo": None,
            "Status": SENT,
            "SentAt": after(minutes),
            "EditedAt": None,
            "IsDeleted": False,
            "DeletedAt": None,
            "IsPinned": False,
            "PinnedBy": None,
            "PinnedAt": None,
        }

    def set_last_message(self, conversation_id: str, message_id: str) -> None:
        message = self.database["messages"].find_one({"MessageId": self.guid(message_id)}) or {}
        fields = ("MessageId", "Content", "SenderId", "SenderName", "SentAt")
        last = {name: message.get(name) for name in fields}
        self.change(conversation_id, LastMessage=last)

    def change(self, conversation_id: str, **fields: Any) -> None:
        one = {"ConversationId": self.guid(conversation_id)}
        self.database["conversations"].update_one(one, {"$set": fields})

    def attachment(self, name: str, url: str, size: int = 1_024, **fields: Any) -> Document:
        return {
            "AttachmentId": self.guid(str(uuid4())),
            "FileName": name,
            "FileType": "application/octet-stream",
            "FileSize": Int64(size),
            "Url": url,
            "ThumbnailUrl": None,
            **fields,
        }

    def _metadata(self, given: Mapping[str, str]) -> Document:
        ids = {name: self.guid(given.get(name)) for name in ("StudentId", "ClassId")}
        return {**ids, "StudentName": given.get("StudentName"), "ClassName": given.get("ClassName")}


class School:
    """A school by chance, with everything that a message can have and all known damage; `seed`
    repeats it. `conversations`, `messages`: what an import must bring of it."""

    def __init__(
        self, replaced: Replaced, seed: int, *, rooms: int = 6, messages: int = 40
    ) -> None:
        self.tenant_id = str(uuid4())
        self.users = [str(uuid4()) for _ in range(6)]
        self.conversations: set[str] = set()
        self.messages: dict[str, list[str]] = {}
        self.unknown: list[str] = []
        self._replaced = replaced
        self._chance = random.Random(seed)
        for _ in range(rooms):
            self._room(self._chance.randrange(messages))
        self._two_of_one_pair()
        self._without_a_conversation()

    def _room(self, count: int) -> None:
        kind = self._chance.choice([TEACHER_GROUP, CHANNEL, CLASS_GROUP, STUDENT_GROUP])
        students = {"StudentId": str(uuid4()), "StudentName": "Bé An", "ClassId": str(uuid4())}
        people = [
            self._replaced.person(
                user,
                f"Người {index}",
                self._chance.choice([MEMBER, ADMIN, READ_ONLY]),
                LastReadAt=self._chance.choice([None, after(self._chance.randrange(60))]),
                UnreadCount=self._chance.randrange(9),
            )
            for index, user in enumerate(self._chance.sample(self.users, 4))
        ]
        id_ = self._replaced.conversation(
            self.tenant_id,
            self._chance.choice([people, people, None]),
            kind=kind,
            name="Student: Bé An",
            metadata=students if kind == STUDENT_GROUP else None,
        )
        self.conversations.add(id_)
        sent = self._fill(id_, count)
        if sent:
            self._replaced.set_last_message(id_, self._chance.choice(sent))

    def _fill(self, id_: str, count: int) -> list[str]:
        sent = self.messages.setdefault(id_, [])
        for number in range(count):
            sent.append(
                self._replaced.message(
                    id_,
                    self._chance.choice([*self.users, NIL]),
                    self._chance.choice([f"Tin nhắn {number}", "", None, "x" * 6_000]),
                    minutes=self._chance.randrange(60),
                    **self._extras(sent),
                )
            )
        return sent

    def _extras(self, sent: Sequence[str]) -> Document:
        """What a message has besides, each by chance: missing, null or there."""
        replaced, chance = self._replaced, self._chance
        user = replaced.guid(chance.choice(self.users))
        possible: Document = {
            "Mentions": [{"UserId": user, "UserName": "An", "StartIndex": 0, "Length": 3}],
            "Attachments": [replaced.attachment("a.pdf", "http://minio/emis-chat/a.pdf")],
            "Reactions": [
                {"EmojiCode": "👍", "UserId": user, "UserName": "An", "ReactedAt": after(70)}
            ],
            "ReadReceipts": [{"UserId": user, "ReadAt": after(80)}],
            "ReplyTo": {
                "MessageId": replaced.guid(chance.choice(sent) if sent else str(uuid4())),
                "Content": "Tin nhắn",
                "SenderName": "An",
            },
            "EditedAt": after(90),
            "Type": chance.randrange(1, 7),
        }
        chosen = {name: value for name, value in possible.items() if chance.random() < 0.3}
        nothing = {
            name: None
            for name in ("Mentions", "Attachments", "Reactions", "ReadReceipts")
            if name not in chosen and chance.random() < 0.5
        }
        pinned = {"IsPinned": True, "PinnedBy": user, "PinnedAt": after(95)}
        deleted = {"IsDeleted": True, "DeletedAt": after(99)}
        return {
            **chosen,
            **nothing,
            **(pinned if chance.random() < 0.2 else {}),
            **(deleted if chance.random() < 0.2 else {}),
        }

    def _two_of_one_pair(self) -> None:
        one, other = self.users[:2]
        pair = [self._replaced.person(one, "Mai"), self._replaced.person(other, "Dũng")]
        first = self._replaced.conversation(
            self.tenant_id, pair, kind=ONE_TO_ONE, name="Mai - Dũng"
        )
        second = self._replaced.conversation(
            self.tenant_id, pair[::-1], kind=ONE_TO_ONE, name="Dũng - Mai", CreatedAt=after(1)
        )
        self.conversations.add(first)
        self._fill(first, 5)
        self.messages[first] += self._fill(second, 5)
        del self.messages[second]

    def _without_a_conversation(self) -> None:
        self.unknown = [
            self._replaced.message(str(uuid4()), self.users[0], "Ai đó?", minutes=3)
            for _ in range(3)
        ]
