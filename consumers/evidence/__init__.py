"""Exports of a conversation, or of what is kept of a person: complete, streamed, and sealed."""
