"""The stored message: collection `messages`, its fields and its indexes (contract section 8).

The class serves reads, validation and index creation; the consumer writes through the raw
collection of the same connection. Empty fields are absent.
"""

from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    DynamicEmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    LongField,
    StringField,
)


class Quote(DynamicEmbeddedDocument):
    """The message that this one answers, as it was when this one was stored."""

    message_id = StringField(db_field="messageId", required=True)
    content = StringField()
    sender_name = StringField(db_field="senderName")


class StoredMention(DynamicEmbeddedDocument):
    user_id = StringField(db_field="userId", required=True)
    user_name = StringField(db_field="userName")
    start_index = IntField(db_field="startIndex", required=True)
    length = IntField(required=True)


class StoredAttachment(DynamicEmbeddedDocument):
    attachment_id = StringField(db_field="attachmentId", required=True)
    file_name = StringField(db_field="fileName")
    file_type = StringField(db_field="fileType")
    file_size = LongField(db_field="fileSize")
    url = StringField()
    thumbnail_url = StringField(db_field="thumbnailUrl")


class Message(Document):
    """One message of a conversation; `seq` is its place, 1, 2, 3 … without gaps."""

    id = StringField(primary_key=True)
    conversation_id = StringField(db_field="conversationId", required=True)
    tenant_id = StringField(db_field="tenantId", required=True)
    seq = LongField(required=True, min_value=1)
    sender_id = StringField(db_field="senderId", required=True)
    sender_name = StringField(db_field="senderName")
    type = StringField(required=True)
    content = StringField()
    status = StringField(required=True)
    sent_at = DateTimeField(db_field="sentAt", required=True)
    reply_to = EmbeddedDocumentField(Quote, db_field="replyTo")
    mentions = EmbeddedDocumentListField(StoredMention)
    attachments = EmbeddedDocumentListField(StoredAttachment)
    is_deleted = BooleanField(db_field="isDeleted")
    src = DictField()

    meta = {
        "collection": "messages",
        "auto_create_index": False,
        "strict": False,
        "index_cls": False,
        "indexes": [
            {"name": "conversation_seq", "fields": ["conversation_id", "seq"], "unique": True},
            {"name": "conversation_time", "fields": ["conversation_id", "sent_at", "seq"]},
        ],
    }
