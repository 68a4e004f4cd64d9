"""Conversations for staff: find them, mend names and participants, archive and restore.

Every change goes through the services, so that the version is raised and the cache is told.
"""

from django.contrib import admin

from conversations.admin.conversations import ConversationAdmin
from conversations.admin.participants import ParticipantAdmin

admin.site.site_header = admin.site.site_title = "EMIS chat"

__all__ = ["ConversationAdmin", "ParticipantAdmin"]
