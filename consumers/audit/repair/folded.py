"""What changes make of a stored form: by the consumer's own stages, which MongoDB runs over it without
writing anything."""

from collections.abc import Sequence

from chat_project.mongodb import Document, database
from consumers.audit.parts import parts
from consumers.change_pipelines import Pipeline
from consumers.changes import folding, in_parts, rev_of
from consumers.conditions import condition_of
from consumers.decoding import MessageChange

CHANGES_AT_ONCE = 100
"""Three stages each, of 1,000 that MongoDB takes; edits of 15 kB, which they name three times."""


def with_changes(
    form: Document, changes: Sequence[MessageChange]
) -> tuple[Document, list[MessageChange]]:
    """`changes` are of this message, in log order. Gives those too that counted: a condition of theirs,
    if any, was met. Raises pymongo's errors."""
    counted: list[MessageChange] = []
    for alike in in_parts(changes):
        for part in parts(alike, CHANGES_AT_ONCE):
            if form.get("isDeleted"):
                return form, counted
            if found := _after(form, part):
                [form] = found
                counted += part
            else:
                [form] = _run(form, [rev_of(part[0])])
    return form, counted


def _after(form: Document, part: Sequence[MessageChange]) -> list[Document]:
    """None if it does not meet the condition of the only one."""
    condition = condition_of(part[0])
    return _run(form, [*([{"$match": condition}] if condition else []), *folding(part)])


def _run(form: Document, stages: Pipeline) -> list[Document]:
    return list(database().aggregate([{"$documents": [{"$literal": form}]}, *stages]))
