"""The app of messages and of their way into the log."""

from django.apps import AppConfig
from typing_extensions import override


class MessagingConfig(AppConfig):
    name = "messaging"

    @override
    def ready(self) -> None:
        """Hears of what `conversations`, which knows no log, wants its participants to be told."""
        from conversations.services.outbox import told
        from messaging.outbox import publish_told

        told.connect(publish_told, dispatch_uid="messaging.outbox")
