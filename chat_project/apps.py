"""What every process does once when Django starts."""

from django.apps import AppConfig
from typing_extensions import override

from chat_project import mongodb


class ChatProjectConfig(AppConfig):
    """Registers the MongoDB connection; nothing is opened before its first use."""

    name = "chat_project"

    @override
    def ready(self) -> None:
        mongodb.connect()
