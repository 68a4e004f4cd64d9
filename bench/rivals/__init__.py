"""What the accept path is compared with, under the same gunicorn: never part of the product."""
