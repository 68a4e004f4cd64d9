"""Which school a member of staff belongs to, and the audit log as the admin lists it."""

from django.conf import settings
from django.db import models
from typing_extensions import override

from chat_project.identifiers import canonical_id


class StaffMember(models.Model):
    """The one school (tenant) of a user of the admin. A superuser needs none and sees all."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, db_column="_id"
    )
    tenant_id = models.CharField("school", db_column="tenantId", max_length=255)

    class Meta:
        db_table = "staff_members"

    @override
    def __str__(self) -> str:
        return f"{self.pk} of {self.tenant_id}"

    @override
    def clean(self) -> None:
        self.tenant_id = canonical_id(self.tenant_id)


class AuditEntry(models.Model):
    """An entry of `chat_project.audit_log`, which writes it; `details` are read where they are shown."""

    at = models.DateTimeField("when")
    by = models.CharField("who", max_length=255)
    action = models.CharField("what", max_length=255)
    target = models.CharField(max_length=1_024)
    tenant_id = models.CharField("school", db_column="tenantId", max_length=255, null=True)

    class Meta:
        managed = False
        db_table = "audit_log"
        ordering = ["-at"]
        verbose_name = "change"
        verbose_name_plural = "audit log"

    @override
    def __str__(self) -> str:
        return f"{self.action} by {self.by}"
