"""The fault suite: random load, a fault that is seen to happen, quiet, and a recount."""
