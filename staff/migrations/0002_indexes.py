"""The audit log's order, for all and for one school, and its two searches; a school's staff; and
failed sign-ins, which are forgotten by themselves."""

import pymongo
from django.db import migrations

BUILD_SECONDS = 24 * 3_600.0
FAILURES_SECONDS = 15 * 60

INDEXES = {
    "audit_log": [
        ("time", ["at"], {}),
        ("tenant_time", ["tenantId", "at"], {}),
        ("target_time", ["target", "at"], {}),
        ("by_time", ["by", "at"], {}),
    ],
    "staff_members": [("tenant", ["tenantId"], {})],
    "sign_in_failures": [("expiry", ["at"], {"expireAfterSeconds": FAILURES_SECONDS})],
}


def create_indexes(apps, schema_editor):
    database = schema_editor.connection.database
    with pymongo.timeout(BUILD_SECONDS):
        for collection, indexes in INDEXES.items():
            for name, fields, options in indexes:
                keys = [(field, 1) for field in fields]
                database[collection].create_index(keys, name=name, **options)


def drop_indexes(apps, schema_editor):
    database = schema_editor.connection.database
    for collection, indexes in INDEXES.items():
        for name, _fields, _options in indexes:
            database[collection].drop_index(name)


class Migration(migrations.Migration):

    dependencies = [
        ('staff', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(create_indexes, drop_indexes),
    ]
