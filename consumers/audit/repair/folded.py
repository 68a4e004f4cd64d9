"""What changes make of a stored form: by the consumer's own stages, which MongoDB runs over it without
writing anything."""

from collections.abc import Sequence

from chat_project.mongodb import Document, database
from consumers.audit.parts import parts
from consumers.changes import folding
from consumers.decoding import MessageChange

CHANGES_AT_ONCE = 100
"""Three stages each, of 1,000 that MongoDB takes; edits of 15 kB, which they name three times."""


def with_changes(form: Document, changes: Sequence[MessageChange]) -> Document:
    """`changes` are of this message, in log order. Raises pymongo's errors."""
    for part in parts(changes, CHANGES_AT_ONCE):
        if form.get("isDeleted"):
            break
        [form] = database().aggregate([{"$documents": [{"$literal": form}]}, *folding(part)])
    return form
