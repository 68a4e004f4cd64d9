"""Commands that take turns: what removes for good, and what copies the whole database."""

from contextlib import AbstractContextManager

from chat_project.running_alone import running_alone

PLACE = "removal or rebuild"


def taking_turns(command: str) -> AbstractContextManager[object]:
    """Of `purge_messages`, `erase_person` and `rebuild` one works on a database at a time.

    A rebuild copies one collection after another: the copy would keep what is removed in between,
    or half of it. An erasure would look for messages that a purge takes away. Raises RunsAlready,
    which names the one that works, and pymongo's errors.
    """
    return running_alone(command, place=PLACE)
