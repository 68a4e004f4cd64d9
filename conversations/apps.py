"""The app of conversations and participants."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"
    default_auto_field = "django_mongodb_backend.fields.ObjectIdAutoField"
