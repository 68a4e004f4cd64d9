"""Builds a second database from the live one's registry and conversations, and from the log."""
