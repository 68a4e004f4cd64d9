"""Erases a person: what they wrote and what they are called, wherever it is kept (decision 0023)."""
