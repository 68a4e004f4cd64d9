"""Files of messages: how they are received, told apart, kept, linked to and answered.

docs/attachments.md is the page for people.
"""
