"""What staff find conversations and people by: words of names, state, last activity.

Documents that are there get their words and, people, their school. `state_type` and
`tenant_state_type` are read with every state and type named, so that each order is the index's.
"""

import pymongo
from django.db import migrations, models

from chat_project.index_migrations import BUILD_SECONDS, making
from conversations.words import search_words

AT_ONCE = 1_000

INDEXES = {
    "conversations": [
        ("words_tenant", ["words", "tenantId", "_id"], {}),
        ("tenant_state_type", ["tenantId", "isActive", "type", "_id"], {}),
        ("state_type", ["isActive", "type", "_id"], {}),
        ("tenant_activity", ["tenantId", "lastMessage.sentAt", "_id"], {}),
    ],
    "participants": [
        ("words_tenant", ["words", "tenantId", "conversationId"], {}),
    ],
}


def fill(apps, schema_editor):
    """In the order of the ids, so that it may be broken off and run again."""
    database = schema_editor.connection.database
    with pymongo.timeout(BUILD_SECONDS):
        _fill(database)


def _fill(database):
    after = ""
    while True:
        found = list(
            database["conversations"]
            .find({"_id": {"$gt": after}}, {"name": 1, "tenantId": 1})
            .sort("_id", 1)
            .limit(AT_ONCE)
        )
        if not found:
            return
        after = found[-1]["_id"]
        tenants = {each["_id"]: each["tenantId"] for each in found}
        _write(
            database["conversations"],
            [(each["_id"], {"words": search_words(each["name"])}) for each in found],
        )
        people = database["participants"].find(
            {"conversationId": {"$in": list(tenants)}, "tenantId": None},
            {"conversationId": 1, "userName": 1},
        )
        _write(
            database["participants"],
            [
                (
                    each["_id"],
                    {
                        "tenantId": tenants[each["conversationId"]],
                        "words": search_words(each["userName"]),
                    },
                )
                for each in people
            ],
        )


def _write(collection, changes):
    updates = [pymongo.UpdateOne({"_id": key}, {"$set": change}) for key, change in changes]
    if updates:
        collection.bulk_write(updates, ordered=False)


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0004_read_positions'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name='participant',
                    name='tenant_id',
                    field=models.CharField(db_column='tenantId', max_length=255, null=True, verbose_name='school'),
                ),
                migrations.AlterField(
                    model_name='conversation',
                    name='tenant_id',
                    field=models.CharField(db_column='tenantId', max_length=255, verbose_name='school'),
                ),
                migrations.AlterField(
                    model_name='conversation',
                    name='last_seq',
                    field=models.BigIntegerField(db_column='lastSeq', default=0, verbose_name='messages'),
                ),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        making(INDEXES),
    ]
