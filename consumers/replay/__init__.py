"""Handles records of the message topic again: by the group's consumers, or by this process."""
