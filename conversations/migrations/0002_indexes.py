"""One conversation of its kind, and the lists of both sides."""

from django.db import migrations

from chat_project.index_migrations import making

INDEXES = {
    "conversations": [
        ("key", ["key"], {"unique": True}),
        ("tenant_type", ["tenantId", "type", "_id"], {}),
    ],
    "participants": [
        ("conversation_user", ["conversationId", "userId"], {"unique": True}),
        ("user_conversation", ["userId", "conversationId"], {}),
    ],
}


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0001_initial'),
    ]

    operations = [
        making(INDEXES),
    ]
