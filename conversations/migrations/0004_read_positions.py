"""The index of read receipts: who has read furthest in a conversation.

It holds only those who have read: who has joined has a readSeq, and no readAt yet. It begins with
what a receipt is asked by and holds all that it tells, so no document is read.
"""

from datetime import datetime

from django.db import migrations

FIELDS = ["conversationId", "readSeq", "userId", "readAt"]


def create_index(apps, schema_editor):
    schema_editor.connection.database["participants"].create_index(
        [(field, 1) for field in FIELDS],
        name="conversation_read",
        partialFilterExpression={"readAt": {"$gt": datetime(1970, 1, 1)}},
    )


def drop_index(apps, schema_editor):
    schema_editor.connection.database["participants"].drop_index("conversation_read")


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0003_reading'),
    ]

    operations = [
        migrations.RunPython(create_index, drop_index),
    ]
