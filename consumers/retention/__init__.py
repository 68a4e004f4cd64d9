"""Removes what a school keeps no longer: the oldest messages of its conversations."""
