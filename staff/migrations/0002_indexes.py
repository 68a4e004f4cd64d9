"""The audit log's order, for all and for one school, and its two searches; a school's staff; and
failed sign-ins, which are forgotten by themselves."""

from django.db import migrations

from chat_project.index_migrations import making

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


class Migration(migrations.Migration):

    dependencies = [
        ('staff', '0001_initial'),
    ]

    operations = [
        making(INDEXES),
    ]
