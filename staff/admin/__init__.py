"""The audit log, and the people who work in the admin."""

from staff.admin.audit import AuditEntryAdmin
from staff.admin.groups import SchoolGroupAdmin
from staff.admin.users import SchoolUserAdmin

__all__ = ["AuditEntryAdmin", "SchoolGroupAdmin", "SchoolUserAdmin"]
