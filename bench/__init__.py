"""Measurements of the running product, on real servers of their own."""
