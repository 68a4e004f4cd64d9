"""Handles records of a topic again: by the group's consumers, or by this process."""
