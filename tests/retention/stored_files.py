"""Files of messages, as uploads leave them."""

from pathlib import Path

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.timestamps import now


def store_file(folder: Path, message_id: str) -> tuple[str, Path]:
    """As an upload leaves it: gives the attachment's id and where its file lies."""
    attachment_id, attempt = new_id(), new_id()
    path = folder / attempt[-2:] / attempt
    path.parent.mkdir(parents=True)
    path.write_bytes(b"%PDF-")
    collection("attachments").insert_one(
        {
            "_id": attachment_id,
            "tenantId": "tenant-1",
            "senderId": "user-1",
            "messageId": message_id,
            "fileName": "a.pdf",
            "fileSize": 5,
            "attempts": [attempt],
            "file": attempt,
            "touchedAt": now(),
        }
    )
    return attachment_id, path
