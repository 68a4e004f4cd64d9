"""A dead letter as the admin lists it; `consumers.dead_letters` writes the collection."""

from django.db import models
from typing_extensions import override


class DeadLetter(models.Model):
    """What could not be stored. `consumers.letters.selection.Letter` is all of it."""

    id = models.CharField(primary_key=True, db_column="_id", max_length=64)
    reason = models.CharField(max_length=64)
    at = models.DateTimeField("when")
    tenant_id = models.CharField("school", db_column="tenantId", max_length=255, null=True)
    conversation_id = models.CharField(
        "conversation", db_column="conversationId", max_length=255, null=True
    )
    message_id = models.CharField("message", db_column="messageId", max_length=255, null=True)
    event_type = models.CharField("event", db_column="eventType", max_length=255, null=True)
    sender_id = models.CharField("sender", db_column="senderId", max_length=255, null=True)
    closed_how = models.CharField(db_column="closedHow", max_length=16, null=True)

    class Meta:
        managed = False
        db_table = "dead_letters"
        ordering = ["-at"]
        verbose_name = "dead letter"

    @override
    def __str__(self) -> str:
        return f"{self.id} ({self.reason})"
