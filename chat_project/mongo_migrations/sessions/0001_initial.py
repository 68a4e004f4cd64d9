"""Django's own migration, and a plain index: the partial one of a primary key on MongoDB serves
no equality query, and every request of a signed-in member of staff is one.
"""

import django.contrib.sessions.models
from django.db import migrations, models

COLLECTION = "django_session"
INDEX = "session_key"


def create_index(apps, schema_editor):
    schema_editor.connection.database[COLLECTION].create_index(
        "session_key", name=INDEX, unique=True
    )


def drop_index(apps, schema_editor):
    schema_editor.connection.database[COLLECTION].drop_index(INDEX)


class Migration(migrations.Migration):

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(
                        max_length=40,
                        serialize=False,
                        verbose_name="session key",
                        primary_key=True,
                    ),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                (
                    "expire_date",
                    models.DateTimeField(verbose_name="expire date", db_index=True),
                ),
            ],
            options={
                "abstract": False,
                "db_table": COLLECTION,
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
            },
            managers=[
                ("objects", django.contrib.sessions.models.SessionManager()),
            ],
        ),
        migrations.RunPython(create_index, drop_index),
    ]
