"""The auditor: recomputes from the log what MongoDB must hold, and tells and mends differences.

It shares the codec with the consumer, but no numbering and no folding.
"""

from consumers.audit.errors import CannotCheck
from consumers.audit.findings import Finding, Kind
from consumers.audit.reconciliation import reconcile
from consumers.audit.report import Report
from consumers.audit.scope import EVERYTHING, Scope

__all__ = ["EVERYTHING", "CannotCheck", "Finding", "Kind", "Report", "Scope", "reconcile"]
