"""Exports a conversation, or what is kept of a person, and notes it in the audit log."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from chat_project import audit_log
from chat_project.identifiers import new_id
from chat_project.mongodb import Document, majority_collection
from chat_project.timestamps import format_timestamp, now
from consumers.attempts import attempt
from consumers.errors import Refused
from consumers.evidence import page, records
from consumers.evidence.folder import (
    MANIFEST,
    Folder,
    differences,
    read_manifest,
    sha256_of,
)
from consumers.evidence.output import Format, Output, writing
from consumers.tenants import Subject, conversation_batches, messages_in
from messaging.attachments import storage, uploads

_EXTENSION = re.compile(
    r"\.(jpe?g|png|gif|webp|avif|bmp|tiff?|mp[34]|m4a|wav|og[ag]|flac|aac|amr|webm|mov|avi|3gp|mkv"
    r"|pdf|docx?|xlsx?|pptx?|txt|csv|zip)$",
    re.IGNORECASE,
)
"""What may be opened from the folder; everything else is stored as `.bin`."""


class Order(msgspec.Struct, frozen=True):
    """Who wants it, why, where it goes, and in which form; `with_files`: attachments too."""

    by: str
    reason: str
    path: Path
    format: Format = Format.BOTH
    with_files: bool = False


class Exported(msgspec.Struct, frozen=True, rename="camel"):
    """`digest`: SHA-256 of the manifest, which holds the digests of all `files`, and tells what was
    `left_out`."""

    export_id: str
    path: str
    messages: int
    digest: str
    files: dict[str, str]
    left_out: list[records.LeftOut]


def export_conversation(
    conversation_id: str, order: Order, *, on_messages: Callable[[int], object]
) -> Exported:
    """Everything that is kept of it up to its last message now. Memory does not grow with it.

    Raises Refused (no such conversation, or the folder is not empty), RetryLater, StopConsuming,
    StorageUnavailable, OSError; then there is no folder.
    """
    with attempt():
        head = majority_collection("conversations").find_one({"_id": conversation_id})
    if head is None:
        raise Refused(f"there is no conversation {conversation_id}")
    target, tenant_id = f"conversation {conversation_id}", head["tenantId"]
    with _exporting("conversation", order, tenant_id, target) as (export, output):
        output.html(page.heading("Conversation"))
        output.add(records.conversation_record(head))
        output.html(page.heading("Participants"))
        _write_participants(output, {"conversationId": conversation_id})
        output.html(page.heading("Messages"))
        last = int(head.get("lastSeq") or 0)
        for message in messages_in([conversation_id], {}, up_to=last):
            output.add(export.message(message))
            on_messages(1)
    return export.done()


def export_person(
    subject: Subject, order: Order, *, on_conversations: Callable[[int], object]
) -> Exported:
    """Their messages, memberships and reactions, and where they were mentioned. Of others only what
    their own texts and quotes hold. Raises as `export_conversation` does."""
    target, user_id = f"user {subject.user_id}", subject.user_id
    with _exporting("person", order, subject.tenant_id, target) as (export, output):
        fields = dict.fromkeys(("tenantId", "type", "name", "createdAt"), 1)
        for batch in conversation_batches(subject.tenant_id, fields):
            for head in batch:
                _write_person(export, output, subject, head)
            on_conversations(len(batch))
        if not output.count and not export.has_membership:
            raise Refused(f"nothing is kept of user {user_id} in tenant {subject.tenant_id}")
    return export.done()


def _write_person(export: "Export", output: Output, subject: Subject, head: Document) -> None:
    ids, user_id = [head["_id"]], subject.user_id
    has_title = False

    def title() -> None:
        nonlocal has_title
        if not has_title:
            output.add(records.conversation_record(records.without_people(head)))
            has_title = True

    with attempt():
        pair = {"conversationId": head["_id"], "userId": user_id}
        membership = majority_collection("participants").find_one(pair)
    if membership is not None:
        title()
        export.has_membership = True
        output.html(page.PARTICIPANTS)
        output.add(records.participant_record(membership))
        output.html(page.TABLE_END)
    whose = [{"senderId": user_id}, {"mentions.userId": user_id}, {"reactions.userId": user_id}]
    for message in messages_in(ids, {"$or": whose}):
        title()
        if message["senderId"] == user_id:
            output.add(export.message(records.without_others(message, user_id)))
            continue
        for reaction in records.reaction_records(message, user_id):
            output.add(reaction)
        if any(each.get("userId") == user_id for each in message.get("mentions", ())):
            output.add(records.mention_record(message))


def verify(path: Path) -> list[str]:
    """What is not as it was exported: files against the manifest, the manifest against the audit log.
    Raises Refused when there is no manifest, pymongo's errors."""
    manifest = read_manifest(path)
    found = list(differences(path, manifest))
    with attempt():
        noted = majority_collection("audit_log").find_one(
            {
                "target": manifest.get("of"),
                "action": re.compile("^export "),
                "details.exportId": manifest.get("exportId"),
            }
        )
    if noted is None:
        found.append(f"the audit log knows no export {manifest.get('exportId')}")
    elif noted["details"]["digest"] != sha256_of(path / MANIFEST):
        found.append(f"{MANIFEST} is not the one that the audit log tells of")
    return found


class Export:
    """One export in the making: its id, its folder, and the files that were copied."""

    def __init__(self, kind: str, order: Order, tenant_id: str, target: str, at: datetime) -> None:
        self.id = new_id()
        self.folder = Folder(order.path)
        self.has_membership = False
        self.left_out: list[records.LeftOut] = []
        self._kind, self._order = kind, order
        self._tenant_id, self._target, self._at = tenant_id, target, at
        self._exported: Exported | None = None

    def described(self) -> dict[str, Any]:
        return {
            "exportId": self.id,
            "of": self._target,
            "tenantId": self._tenant_id,
            "at": format_timestamp(self._at),
            "by": self._order.by,
            "reason": self._order.reason,
        }

    def begin(self) -> None:
        """Noted before anything is read: also an export that breaks off has shown something."""
        self._note(f"begin to export {self._kind}", {"reason": self._order.reason})

    def message(self, document: Document) -> records.Record:
        if not self._order.with_files:
            return records.message_record(document, {})
        copied = self._copied(document)
        left_out = list(records.left_out(document, copied))
        self.left_out += left_out
        files = {id_: name for id_, name in copied.items() if name is not None}
        return records.message_record(document, files, left_out)

    def seal(self, messages: int) -> None:
        """Noted before it is in place: an export that is there is whole, and the audit log knows it."""
        told: dict[str, Any] = {"messages": messages}
        if self._order.with_files:
            told |= {"filesLeftOut": len(self.left_out), "leftOut": self.left_out}
        digest = self.folder.seal({**self.described(), **msgspec.to_builtins(told)})
        path, digests = str(self.folder.path), dict(self.folder.digests)
        self._exported = Exported(self.id, path, messages, digest, digests, self.left_out)
        details = {
            "reason": self._order.reason,
            "messages": messages,
            "digest": digest,
            "files": [{"name": n, "sha256": d} for n, d in self.folder.digests.items()][
                :MOST_NOTED
            ],
        }
        self._note(f"export {self._kind}", details)
        self.folder.put_in_place()

    def done(self) -> Exported:
        if self._exported is None:
            raise ValueError("an export that is not sealed")
        return self._exported

    def _copied(self, document: Document) -> dict[str, str | None]:
        """By attachment. A file that is not in the storage is None, which is no error."""
        ids = [each["attachmentId"] for each in document.get("attachments", ())]
        if not ids:
            return {}
        with attempt():
            query = {"_id": {"$in": ids}, "messageId": document["_id"], "file": {"$exists": True}}
            found = list(majority_collection(uploads.COLLECTION).find(query))
        copied: dict[str, str | None] = {upload["_id"]: None for upload in found}
        for upload in found:
            name = _file_name(upload)
            if name in self.folder.digests:
                copied[upload["_id"]] = name
            elif (source := storage.read(upload["file"], thumbnail=False)) is not None:
                with source:
                    self.folder.copy(name, source.chunks())
                copied[upload["_id"]] = name
        return copied

    def _note(self, action: str, details: Document) -> None:
        details = {"exportId": self.id, **details}
        with attempt():
            audit_log.note(
                action,
                target=self._target,
                details=details,
                by=self._order.by,
                tenant_id=self._tenant_id,
            )


MOST_NOTED = 1_000
"""Files whose digests stand in the audit entry; the manifest has all of them, and its digest, too."""


@contextmanager
def _exporting(
    kind: str, order: Order, tenant_id: str, target: str
) -> Iterator[tuple[Export, Output]]:
    export = Export(kind, order, tenant_id, target, now())
    try:
        export.begin()
        title, described = f"Export: {target}", export.described()
        with writing(export.folder, order.format, title=title, described=described) as output:
            yield export, output
            output.html(page.files_left_out(export.left_out))
        export.seal(output.count)
    except BaseException:
        export.folder.discard()
        raise


def _write_participants(output: Output, query: Document) -> None:
    output.html(page.PARTICIPANTS)
    last: Any = None
    while True:
        after = {} if last is None else {"userId": {"$gt": last}}
        with attempt():
            found = majority_collection("participants").find({**query, **after})
            some = list(found.sort("userId", 1).limit(PARTICIPANTS_AT_ONCE))
        for participant in some:
            output.add(records.participant_record(participant))
        if len(some) < PARTICIPANTS_AT_ONCE:
            break
        last = some[-1]["userId"]
    output.html(page.TABLE_END)


PARTICIPANTS_AT_ONCE = 500


def _file_name(upload: Document) -> str:
    """Under its id, so that no name of a file can lead anywhere. One that cannot be a name as it is
    gets a digest behind a dot, which no other name has there."""
    found = _EXTENSION.search(upload.get("fileName") or "")
    name = re.sub(r"[^A-Za-z0-9_-]", "_", upload["_id"])[:100]
    if name != upload["_id"]:
        name += f".{sha256(upload['_id'].encode()).hexdigest()[:16]}"
    return f"files/{name}{found[0].lower() if found else '.bin'}"
