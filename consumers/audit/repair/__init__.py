"""Mends what an audit found, by the consumer's own code, on a live system too."""

from consumers.audit.repair.rounds import repair

__all__ = ["repair"]
