"""`--drain`, the consumers' run for cron: one at a time for each group."""

from contextlib import AbstractContextManager, nullcontext

from chat_project.running_alone import running_alone


def draining_alone(command: str, group_id: str, *, drain: bool) -> AbstractContextManager[object]:
    """Keeps a second drain of the group away during the block; without `drain` it does nothing.

    A second one would harm nothing. But a backlog that takes an hour would get a consumer from each
    run of cron, and each makes the group rebalance. Raises RunsAlready, pymongo's errors.
    """
    return running_alone(f"{command} --drain of {group_id}") if drain else nullcontext()
