"""From an open form to the draft of a message, and its file into the storage."""

import hashlib
from datetime import datetime

import msgspec
import pymongo

from chat_project.api.tokens import TokenUser
from chat_project.identifiers import new_id
from chat_project.mongodb import Document
from messaging.attachments import storage, uploads
from messaging.attachments.errors import TooLarge, too_large
from messaging.attachments.form import Form
from messaging.attachments.kinds import kind_of
from messaging.attachments.limits import LIMIT_BYTES
from messaging.attachments.links import address_of, thumbnail_address_of
from messaging.attachments.pictures import thumbnail
from messaging.drafts import Admitted, Draft, attachment_draft_of, key_of
from messaging.events import Attachment
from messaging.identifiers import derived_attachment_id

DATABASE_SECONDS = 2.0
"""For what is asked of MongoDB before and after a file is stored; storing may take longer."""


def draft_of_form(user: TokenUser, form: Form, header_key: str | None, *, now: datetime) -> Draft:
    """Applies the rules that need no look-up; the type follows from the content.

    Raises PayloadTooLarge, InvalidRequest, or Forbidden for another's senderId.
    """
    kind = kind_of(form.content, form.size)
    limit = LIMIT_BYTES[kind.message_type]
    if form.size > limit:
        raise too_large(TooLarge[kind.message_type.upper()], limit)
    key = key_of(header_key, form.fields.client_message_id)
    attachment_id = _derived_id(user, form, key) if key else new_id()
    attachment = Attachment(
        attachment_id=attachment_id,
        file_name=form.file_name,
        file_type=kind.file_type,
        file_size=form.size,
        url=address_of(attachment_id),
    )
    return attachment_draft_of(user, form.fields, attachment, kind.message_type, key, now=now)


def store_file(admitted: Admitted, form: Form, *, now: datetime) -> Admitted:
    """Stores the draft's file, unless an earlier request has; tells of its thumbnail.

    Blocks as long as the storage takes. Raises StorageUnavailable, and pymongo's errors.
    """
    draft = admitted.draft
    (attachment,) = draft.attachments
    with pymongo.timeout(DATABASE_SECONDS):
        stored = uploads.touch(attachment.attachment_id, now)
    if stored is None:
        has_thumbnail = _store(draft, attachment, form, now)
    else:
        has_thumbnail = stored.get("hasThumbnail", False)
    if not has_thumbnail:
        return admitted
    shown = msgspec.structs.replace(
        attachment, thumbnail_url=thumbnail_address_of(attachment.attachment_id)
    )
    return msgspec.structs.replace(
        admitted, draft=msgspec.structs.replace(draft, attachments=[shown])
    )


def _store(draft: Draft, attachment: Attachment, form: Form, now: datetime) -> bool:
    """Whether it has a thumbnail."""
    picture = thumbnail(form.content) if draft.record.type == "Image" else None
    with pymongo.timeout(DATABASE_SECONDS):
        attempt = uploads.begin(attachment.attachment_id, _described(draft, attachment), now)
    storage.write(attempt, form.file, picture)
    with pymongo.timeout(DATABASE_SECONDS):
        uploads.complete(attachment.attachment_id, attempt, has_thumbnail=picture is not None)
    return picture is not None


def _described(draft: Draft, attachment: Attachment) -> Document:
    return {
        "tenantId": draft.record.tenant_id,
        "conversationId": draft.record.conversation_id,
        "messageId": draft.message_id,
        "senderId": draft.record.sender_id,
        "type": draft.record.type,
        "fileName": attachment.file_name,
        "fileType": attachment.file_type,
        "fileSize": attachment.file_size,
    }


def _derived_id(user: TokenUser, form: Form, key: str) -> str:
    digest = hashlib.sha256()
    for chunk in form.file.chunks():
        digest.update(chunk)
    return derived_attachment_id(
        user.tenant_id,
        user.user_id,
        key,
        file_name=form.file_name,
        sha256=digest.hexdigest(),
    )
