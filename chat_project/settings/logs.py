"""Logging is set up by `chat_project.logs.configure`, before any application is loaded."""

from chat_project.settings.environment import environment

LOGGING_CONFIG = "chat_project.logs.configure"
LOGGING = {"format": environment().log_format}
