"""`python -m bench.bare_loop`: the least that a consumer of messages can do, to compare with.

Batches of 1,000: consume, decode, insert unordered, one update per conversation, commit. It gives
no guarantee: no marks, no look-ups, no dead letters, no effects, no logs, no metrics.
"""

import os
import signal
import sys
import threading
from typing import Any

import confluent_kafka as kafka
import msgspec
from pymongo import InsertOne, MongoClient, UpdateOne
from pymongo.write_concern import WriteConcern

BATCH = 1_000
SETTINGS: dict[str, Any] = {
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
    "fetch.wait.max.ms": 100,
    "fetch.queue.backoff.ms": 5,
    "queued.min.messages": 20_000,
}


class Event(msgspec.Struct, rename="camel"):
    message_id: str
    conversation_id: str
    tenant_id: str
    sender_id: str
    sender_name: str
    content: str
    sent_at: str


def main() -> int:
    """Runs until SIGTERM, and finishes the batch in hand: a commit may run ahead of it. Takes the product's environment; its group and database are its own."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    environment = os.environ
    client: MongoClient[dict[str, Any]] = MongoClient(environment["MONGODB_URI"])
    database = client.get_database(
        environment["MONGODB_DATABASE"], write_concern=WriteConcern("majority", j=True)
    )
    servers = {
        "bootstrap.servers": environment["KAFKA_BOOTSTRAP_SERVERS"],
        "group.id": environment["KAFKA_GROUP_ID"],
    }
    consumer = kafka.Consumer({**SETTINGS, **servers})
    consumer.subscribe([f"{environment['KAFKA_TOPIC_PREFIX']}.message.sent"])
    decode = msgspec.json.Decoder(Event).decode
    numbers: dict[str, int] = {}
    while not stop.is_set():
        records = consumer.consume(1, 0.05)
        records += consumer.consume(BATCH - 1, 0)
        if not records:
            continue
        documents, last = [], {}
        for record in records:
            event = decode(record.value() or b"")
            seq = numbers[event.conversation_id] = numbers.get(event.conversation_id, 0) + 1
            last[event.conversation_id] = document = {
                "_id": event.message_id,
                "conversationId": event.conversation_id,
                "tenantId": event.tenant_id,
                "seq": seq,
                "senderId": event.sender_id,
                "senderName": event.sender_name,
                "type": "Text",
                "content": event.content,
                "status": "Sent",
                "sentAt": event.sent_at,
            }
            documents.append(InsertOne(document))
        database.messages.bulk_write(documents, ordered=False)
        database.conversations.bulk_write(
            [
                UpdateOne(
                    {"_id": room}, {"$set": {"lastSeq": document["seq"], "lastMessage": document}}
                )
                for room, document in last.items()
            ],
            ordered=False,
        )
        consumer.commit(asynchronous=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
