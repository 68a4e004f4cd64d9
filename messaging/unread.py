"""How much somebody has not read, for those who look at messages: see `conversations.unread`."""

from conversations.unread import LIMIT, unread_counts, unread_pipeline

__all__ = ["LIMIT", "unread_counts", "unread_pipeline"]
