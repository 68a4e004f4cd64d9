"""Plain indexes, made through pymongo.

UniqueConstraint and unique=True become partial indexes here, which equality queries cannot use.
"""

from django.db import migrations

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


def create_indexes(apps, schema_editor):
    database = schema_editor.connection.database
    for collection, indexes in INDEXES.items():
        for name, fields, options in indexes:
            database[collection].create_index([(field, 1) for field in fields], name=name, **options)


def drop_indexes(apps, schema_editor):
    database = schema_editor.connection.database
    for collection, indexes in INDEXES.items():
        for name, _fields, _options in indexes:
            database[collection].drop_index(name)


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(create_indexes, drop_indexes),
    ]
