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

from messaging.events import MESSAGE_TYPES

OTHER_THAN_TEXT = [each for each in MESSAGE_TYPES if each != "Text"]


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


class StoredReaction(DynamicEmbeddedDocument):
    emoji_code = StringField(db_field="emojiCode", required=True)
    user_id = StringField(db_field="userId", required=True)
    user_name = StringField(db_field="userName")
    reacted_at = DateTimeField(db_field="reactedAt", required=True)


class EarlierContent(DynamicEmbeddedDocument):
    """What an edit replaced, and when."""

    content = StringField()
    until = DateTimeField(required=True)


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
    reactions = EmbeddedDocumentListField(StoredReaction)
    is_pinned = BooleanField(db_field="isPinned")
    pinned_by = StringField(db_field="pinnedBy")
    pinned_at = DateTimeField(db_field="pinnedAt")
    edited_at = DateTimeField(db_field="editedAt")
    history = EmbeddedDocumentListField(EarlierContent)
    is_deleted = BooleanField(db_field="isDeleted")
    deleted_at = DateTimeField(db_field="deletedAt")
    deleted_by = StringField(db_field="deletedBy")
    src = DictField()
    rev = DictField()

    meta = {
        "collection": "messages",
        "auto_create_index": False,
        "strict": False,
        "index_cls": False,
        "indexes": [
            {"name": "conversation_seq", "fields": ["conversation_id", "seq"], "unique": True},
            {"name": "conversation_time", "fields": ["conversation_id", "sent_at", "seq"]},
            {
                "name": "quotes",  # those of a message that is deleted
                "fields": ["conversation_id", "reply_to.message_id"],
                "partialFilterExpression": {"replyTo.messageId": {"$exists": True}},
            },
            # Partial, for the lists: a plain text without mentions is in none of them. Their keys
            # hold all that the lists ask, so that counting and skipping need no document.
            {
                "name": "conversation_pinned",
                "fields": ["conversation_id", "is_pinned", "sent_at", "seq", "is_deleted"],
                "partialFilterExpression": {"isPinned": True},
            },
            {
                "name": "conversation_type",
                "fields": ["conversation_id", "type", "sent_at", "seq", "is_deleted"],
                "partialFilterExpression": {"type": {"$in": OTHER_THAN_TEXT}},
            },
            {
                "name": "conversation_mentions",
                "fields": ["conversation_id", "mentions.user_id", "sent_at", "seq", "is_deleted"],
                "partialFilterExpression": {"mentions.userId": {"$exists": True}},
            },
        ],
    }
