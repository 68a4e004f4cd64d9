"""Conversations in which one person left every kind of trace, and the search for what is left."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bson import json_util

from chat_project import redis
from chat_project.identifiers import new_id
from chat_project.mongodb import client, collection
from consumers.erasure.erasing import Erased, Waiting, erase
from consumers.search.index import bring_in
from consumers.tenants import Subject
from conversations.services import outbox
from tests.consumers.conftest import stored
from tests.consumers.events import change, event
from tests.retention.lives import Live, MakeConversation
from tests.retention.stored_files import store_file

HER = "user-zq"
NAME = "Trần Thị Zqngà"
EARLIER_NAME = "Zqngà Trần"
SAID = "zqbimat"
"""Stands in everything that she wrote, and nowhere else."""
SECRETS = (SAID, "zqngà", "zqnga")
"""The last one is how the search folds her name."""
SUBJECT = Subject("tenant-1", HER)


class School:
    """Conversations in which she has left every kind of trace."""

    def __init__(self, live: Live, conversation: MakeConversation, folder: Path) -> None:
        self.live = live
        people = {HER: NAME, "user-2": "Lê Hoa", "user-3": "Đỗ Nam"}
        self.group = conversation(names=people)
        self.pair = conversation(names={HER: NAME, "user-2": "Lê Hoa"})
        self.left = conversation(names={"user-2": "Lê Hoa"})
        self.other = conversation(names={"user-2": "Lê Hoa"})
        self.told = conversation(names={"user-2": "Lê Hoa"})
        pair = {"type": "OneToOne", "name": f"{NAME} - Lê Hoa", "key": f"pair:{self.pair}"}
        collection("conversations").update_one({"_id": self.pair}, {"$set": pair})
        self.file: Path | None = None
        self._fill(folder)

    def _fill(self, folder: Path) -> None:
        group = self.group
        first = self.hers(group, "một")
        self.change("Edited", first, content=f"{SAID} một, sửa")
        answer = self.of(
            group, "user-2", "đúng vậy", replyToMessageId=first, replyToContent=f"{SAID} một",
            replyToSenderName=NAME,
        )  # fmt: skip
        self.change("ReactionAdded", answer, emojiCode="👍")
        self.change("Pinned", answer)
        text = f"Chào @{NAME}, và @Đỗ Nam"
        marks = [
            {"userId": HER, "userName": NAME, "startIndex": 5, "length": len(NAME) + 1},
            {
                "userId": "user-3",
                "userName": "Đỗ Nam",
                "startIndex": text.index("@Đỗ"),
                "length": 7,
            },
        ]
        naming = self.of(group, "user-2", text, mentions=marks)
        self.of(group, "user-3", "thật à", replyToMessageId=naming, replyToContent=text)
        self.of(group, "user-2", f"Lê Hoa đã thêm {NAME} và Đỗ Nam", type="System")
        self.of(group, HER, f"{NAME} đã đổi tên nhóm", type="System", senderName=NAME)
        self.hers(self.left, "hai", senderName=EARLIER_NAME)
        self.hers(self.pair, "ba")
        self.live.pipeline.produce([event(new_id(), content=SAID, senderId=HER, senderName=NAME)])
        id_, self.file = store_file(folder, "")
        attached = self.hers(group, "tệp", type="File", attachments=[
            {"attachmentId": id_, "fileName": f"{SAID}.pdf"}
        ])  # fmt: skip
        mine = {"messageId": attached, "senderId": HER, "fileName": f"{SAID}.pdf"}
        collection("attachments").update_one({"_id": id_}, {"$set": mine})
        self.of(self.other, "user-2", "hôm nay trời đẹp")
        self.of(self.told, "user-2", f"Lê Hoa đã xóa {NAME} khỏi nhóm", type="System")
        self.live.drain()
        bring_in([each["_id"] for each in collection("messages").find({}, {})])
        waiting = {"_id": new_id(), "conversationId": self.other, "tenantId": "tenant-1"}
        told = {"senderId": HER, "senderName": NAME, "text": f"{NAME} đã rời nhóm", "version": 2}
        late = datetime(2999, 1, 1, tzinfo=UTC)
        collection(outbox.COLLECTION).insert_one({**waiting, **told, "at": late})
        before = stored(self.pair)[0]
        note = {"by": "x", "action": "repair foreign", "details": {"before": before, "after": None}}
        collection("audit_log").insert_one(note)

    def hers(self, room: str, text: str, **more: Any) -> str:
        return self.of(room, HER, f"{SAID} {text}", **{"senderName": NAME, **more})

    def of(self, room: str, sender: str, text: str, **more: Any) -> str:
        body = event(room, **{"senderId": sender, "content": text, **more})
        self.live.pipeline.produce([body])
        return str(body["messageId"])

    def change(self, kind: str, message_id: str, **more: Any) -> None:
        body = change(self.group, messageId=message_id, userId=HER, userName=NAME, **more)
        self.live.pipeline.produce([body], event_type=f"Message{kind}Event")

    def erase(self) -> Erased:
        """Beside a consumer."""
        with self.live.consuming():
            return self.erase_alone(seconds=60)

    def erase_alone(self, *, seconds: float) -> Erased:
        return erase(
            self.live.environment,
            SUBJECT,
            by="Mai",
            reason="she asked for it",
            waiting=Waiting(self.live.environment.kafka_group_id, seconds),
            on_conversations=lambda _: None,
        )

    def rooms(self) -> list[str]:
        return [self.group, self.pair, self.left, self.other, self.told]


def found_in(name: str) -> list[str]:
    """Where a document of this database holds a secret."""
    found = []
    for each in client()[name].list_collection_names():
        for document in client()[name][each].find():
            told = json_util.dumps(document, ensure_ascii=False).casefold()
            if any(secret in told for secret in SECRETS):
                found.append(f"{each}: {told}")
    return found


def found_in_redis(rooms: list[str]) -> list[str]:
    found = []
    for room in rooms:
        for key in redis.client().scan_iter(match=f"conversation:{room}*"):
            values = (
                [*redis.client().hgetall(key).values()]
                if key.endswith(b":members")
                else [redis.client().get(key) or b""]
            )
            for value in values:
                told = json.dumps(json.loads(value), ensure_ascii=False).casefold()
                found += [told for secret in SECRETS if secret in told]
    return found
