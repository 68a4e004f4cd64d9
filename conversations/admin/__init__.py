"""Conversations for staff: find them, mend names and participants, archive and restore.

Every change goes through the services, so that the version is raised and the cache is told, and
stands in the audit log first.
"""

from conversations.admin.conversations import ConversationAdmin
from conversations.admin.participants import ParticipantAdmin

__all__ = ["ConversationAdmin", "ParticipantAdmin"]
