"""A stage with many messages in few conversations, and the reads that clients do on it."""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from pymongo import UpdateOne

from bench.stage import TENANT, USER, Document, Stage, manage_in
from chat_project.identifiers import new_id
from emis_chat_client import calls
from emis_chat_client.call import Call, as_text
from messaging.search import COLLECTION as SEARCH
from messaging.search import search_document

ROOMS = 500
INSERT_AT_ONCE = 10_000
BEGAN = datetime(2025, 9, 5, tzinfo=UTC)
WORDS = [
    "học",
    "sinh",
    "giáo",
    "viên",
    "phụ",
    "huynh",
    "lớp",
    "trường",
    "bài",
    "tập",
    "toán",
    "văn",
    "lịch",
    "họp",
    "kiểm",
    "tra",
    "điểm",
    "danh",
    "nghỉ",
    "ốm",
    "xe",
    "buýt",
    "đón",
    "muộn",
    "chiều",
    "sáng",
    "tuần",
    "tháng",
    "thư",
    "viện",
    "thể",
    "dục",
    "âm",
    "nhạc",
    "mỹ",
    "thuật",
    "khoa",
    "học",
]
CONVERSATIONS = "conversations of a user"
RARE, RARELY = "quyết", 40
"""A word, and in how many messages it is said: as many in every size, so that answers are alike."""
COMMON, COMMONLY = "học sinh", 3
"""Words, and every how many messages they are said: over the 1,000 at which lists stop counting."""


class Read(NamedTuple):
    """One endpoint as a client calls it."""

    name: str
    call: Call[Any]

    @property
    def path(self) -> str:
        """With its query, for a generator of load."""
        query = urlencode({name: as_text(value) for name, value in self.call.query.items()})
        return f"{self.call.path}?{query}" if query else self.call.path


class Library:
    """A stage with so many messages, written as the consumer and the indexer leave them.

    `messages`: at least 10,000, a multiple of 80: half of the places lie in the room that is read.
    """

    def __init__(self, stage: Stage, messages: int) -> None:
        self.stage = stage
        self.rooms = stage.prepare(ROOMS)
        self.messages = messages
        self._dice = random.Random(messages)
        self._counts = dict.fromkeys(self.rooms, 0)

    @property
    def read_room(self) -> str:
        return self.rooms[0]

    def fill(self) -> None:
        """Indexes are built when everything is there: a tenth of the time."""
        stage = self.stage
        for name in ("messages", SEARCH):
            stage.database[name].drop_indexes()
        documents = self._documents()
        while part := list(itertools.islice(documents, INSERT_AT_ONCE)):
            stage.database.messages.insert_many(part, ordered=False)
            stage.database[SEARCH].insert_many(map(search_document, part), ordered=False)
        manage_in(stage, "create_indexes")
        newest = {
            document["conversationId"]: document
            for document in stage.database.messages.find(
                {"$or": [{"conversationId": r, "seq": n} for r, n in self._counts.items()]}
            )
        }
        stage.conversations.bulk_write([_head(r, n, newest[r]) for r, n in self._counts.items()])
        stage.database.participants.bulk_write(
            [_position(r, n - self._dice.randrange(40)) for r, n in self._counts.items()]
        )

    def reads(self) -> list[Read]:
        room = self.read_room
        middle = self._counts[room] // 2
        half_time = sent_at(self.messages // 2)
        return [
            Read("history, newest page", calls.get_history(room)),
            Read("history, from the middle", calls.get_history(room, before_seq=middle)),
            Read("history, by time", calls.get_history(room, before_timestamp=half_time)),
            Read("pinned", calls.get_pinned_messages(room)),
            Read("of a type", calls.get_messages_of_type(room, "Image")),
            Read("mentions", calls.get_messages_mentioning(room, USER)),
            Read("search, a rare word", calls.search_messages(room, search_term=RARE)),
            Read("search, two common words", calls.search_messages(room, search_term=COMMON)),
            Read("search, a beginning", calls.search_messages(room, search_term="gia")),
            Read(CONVERSATIONS, calls.get_conversations_of_user(USER)),
            Read("a conversation", calls.get_conversation(room)),
        ]

    def _documents(self) -> Iterator[Document]:
        for number in range(self.messages):
            room = self.read_room if number % 2 else self.rooms[number // 2 % ROOMS]
            self._counts[room] += 1
            yield self._message(room, self._counts[room], number)

    def _message(self, room: str, seq: int, number: int) -> Document:
        words = self._dice.choices(WORDS, k=10)
        if number % (self.messages // RARELY) == 1:
            words.append(RARE)
        if number % COMMONLY == 0:
            words.append(COMMON)
        document: Document = {
            "_id": new_id(),
            "conversationId": room,
            "tenantId": TENANT,
            "seq": seq,
            "senderId": "user-2" if self._dice.random() < 0.5 else USER,
            "senderName": "Phạm Thị Mai",
            "type": "Image" if number % 100 == 3 else "Text",
            "content": " ".join(words),
            "status": "Sent",
            "sentAt": sent_at(number),
            "src": {"t": 0, "p": 0, "o": number, "h": b"0123456789abcdef"},
        }
        if number % 200 == 5:
            mention = {"userId": USER, "userName": "Mai", "startIndex": 0, "length": 3}
            document["mentions"] = [mention]
        if number % (self.messages // 40 + 1) == 7:
            document |= {"isPinned": True, "pinnedBy": USER, "pinnedAt": sent_at(number)}
        return document


def _head(room: str, count: int, newest: Document) -> UpdateOne:
    fields = ("seq", "senderId", "senderName", "content", "sentAt")
    last_message = {"messageId": newest["_id"], **{name: newest[name] for name in fields}}
    return UpdateOne({"_id": room}, {"$set": {"lastSeq": count, "lastMessage": last_message}})


def _position(room: str, seq: int) -> UpdateOne:
    read = {"readSeq": max(0, seq), "readAt": BEGAN}
    return UpdateOne({"conversationId": room, "userId": USER}, {"$set": read})


def sent_at(number: int) -> datetime:
    """Of the n-th message of all."""
    return BEGAN + timedelta(seconds=20 * number)
