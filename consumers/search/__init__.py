"""What fills `message_search`: a consumer group of its own, behind the one that stores messages."""
