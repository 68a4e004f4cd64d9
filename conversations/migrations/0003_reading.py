"""What the lists and the rules of the REST API read by, and a week's memory of idempotency keys.

Two indexes are partial: nearly all conversations are about no student or class, and nearly nobody
is an Admin. `hiddenAt` is absent until somebody hides a conversation, so no row is touched.
"""

from django.db import migrations, models

from chat_project.index_migrations import making

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
        making(INDEXES),
    ]
