"""Dead letters for staff: what could not be stored, why, and what to do about it."""

from consumers.admin.dead_letters import DeadLetterAdmin

__all__ = ["DeadLetterAdmin"]
