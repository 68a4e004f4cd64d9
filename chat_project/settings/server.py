"""The shape of the API process, known to gunicorn and to what shares its threads."""

API_THREADS = 16  # per worker; at most half of them may wait for Kafka (messaging.producer)
