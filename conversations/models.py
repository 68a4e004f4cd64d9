"""Conversations and their participants: collections of MongoDB (contract section 8).

Services write them, the consumer writes the fields that it owns, everybody reads.
"""

from collections.abc import Iterable
from typing import Any

from django.db import models
from typing_extensions import override

from chat_project.identifiers import new_id
from conversations.fields import SubdocumentField
from conversations.values import ConversationType, Role

CONSUMER_OWNED = frozenset({"last_seq", "last_message", "log", "read_seq", "read_at"})


class StaleSave(ValueError):
    """A save that would write back what the consumer has changed meanwhile."""


class SavedByField(models.Model):
    """An existing row is saved field by field, and never the consumer's fields."""

    class Meta:
        abstract = True

    @override
    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Raises StaleSave on an existing row without `update_fields`, or with the consumer's."""
        if not self._state.adding:
            named = None if update_fields is None else frozenset(update_fields)
            self._refuse_a_stale_save(named)
            update_fields = named
        super().save(update_fields=update_fields, **options)

    def _refuse_a_stale_save(self, update_fields: frozenset[str] | None) -> None:
        name = type(self).__name__
        if update_fields is None:
            raise StaleSave(
                f"save() of an existing {name} needs update_fields: the consumer"
                " changes the row meanwhile"
            )
        if owned := sorted(update_fields & CONSUMER_OWNED):
            raise StaleSave(f"{name}.{', '.join(owned)}: the consumer alone writes this")


class Conversation(SavedByField):
    """Who talks where. `key` is what makes it one of its kind, `version` counts its changes."""

    id = models.CharField(primary_key=True, db_column="_id", max_length=36, default=new_id)
    tenant_id = models.CharField("school", db_column="tenantId", max_length=255)
    type = models.CharField(
        max_length=32, choices=[(kind.value, kind.value) for kind in ConversationType]
    )
    name = models.CharField(max_length=255)
    is_active = models.BooleanField("active", db_column="isActive", default=True)
    key = models.CharField(max_length=1_024)
    version = models.BigIntegerField(default=1)
    student_id = models.CharField(db_column="studentId", max_length=255, null=True, blank=True)
    class_id = models.CharField(db_column="classId", max_length=255, null=True, blank=True)
    last_seq = models.BigIntegerField("messages", db_column="lastSeq", default=0)
    last_message = SubdocumentField(db_column="lastMessage", null=True, blank=True)
    log = SubdocumentField(null=True, blank=True)
    created_at = models.DateTimeField(db_column="createdAt")
    created_by = models.CharField(db_column="createdBy", max_length=255)
    updated_at = models.DateTimeField(db_column="updatedAt")

    class Meta:
        db_table = "conversations"
        ordering = ["-id"]  # newest first: the ids are UUIDv7

    @override
    def __str__(self) -> str:
        return self.name


class Participant(SavedByField):
    """A user in a conversation; `read_seq` is the last message that they have read."""

    conversation = models.ForeignKey(
        Conversation,
        models.PROTECT,
        db_column="conversationId",
        db_index=False,  # the unique (conversationId, userId) serves it
        related_name="participants",
    )
    tenant_id = models.CharField("school", db_column="tenantId", max_length=255, null=True)
    user_id = models.CharField(db_column="userId", max_length=255)
    user_name = models.CharField(db_column="userName", max_length=255)
    role = models.CharField(max_length=16, choices=[(role.value, role.value) for role in Role])
    joined_seq = models.BigIntegerField(db_column="joinedSeq", default=0)
    joined_at = models.DateTimeField(db_column="joinedAt")
    read_seq = models.BigIntegerField(db_column="readSeq", default=0)
    read_at = models.DateTimeField(db_column="readAt", null=True, blank=True)
    muted_until = models.DateTimeField(db_column="mutedUntil", null=True, blank=True)
    hidden_at = models.DateTimeField(db_column="hiddenAt", null=True, blank=True)

    class Meta:
        db_table = "participants"
        ordering = ["user_id"]

    @override
    def __str__(self) -> str:
        return f"{self.user_name} ({self.role})"
