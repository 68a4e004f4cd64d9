"""What the lists and the rules of the REST API read by, and a week's memory of idempotency keys.

Two indexes are partial: nearly all conversations are about no student or class, and nearly nobody
is an Admin. `hiddenAt` is absent until somebody hides a conversation, so no row is touched.
"""

from django.db import migrations, models

WEEK_SECONDS = 7 * 24 * 3_600

INDEXES = {
    "conversations": [
        (
            "tenant_student",
            ["tenantId", "studentId"],
            {"partialFilterExpression": {"studentId": {"$exists": True}}},
        ),
        (
            "tenant_class",
            ["tenantId", "classId"],
            {"partialFilterExpression": {"classId": {"$exists": True}}},
        ),
    ],
    "participants": [
        (
            "conversation_admins",
            ["conversationId", "userId"],
            {"partialFilterExpression": {"role": "Admin"}},
        ),
    ],
    "request_keys": [
        ("expiry", ["at"], {"expireAfterSeconds": WEEK_SECONDS}),
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
        ('conversations', '0002_indexes'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name='participant',
                    name='hidden_at',
                    field=models.DateTimeField(blank=True, db_column='hiddenAt', null=True),
                ),
            ],
        ),
        migrations.RunPython(create_indexes, drop_indexes),
    ]
