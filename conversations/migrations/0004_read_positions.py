"""The index of read receipts: who has read furthest in a conversation.

It holds only those who have read: who has joined has a readSeq, and no readAt yet. It begins with
what a receipt is asked by and holds all that it tells, so no document is read.
"""

from datetime import datetime

from django.db import migrations

from chat_project.index_migrations import making

INDEXES = {
    "participants": [
        (
            "conversation_read",
            ["conversationId", "readSeq", "userId", "readAt"],
            {"partialFilterExpression": {"readAt": {"$gt": datetime(1970, 1, 1)}}},
        ),
    ],
}


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0003_reading'),
    ]

    operations = [
        making(INDEXES),
    ]
