"""What the start page tells: whether messages flow. Fast, and true also while a server is away."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import cache
from time import monotonic
from typing import Any

import msgspec
import pymongo
from django.conf import settings
from django.utils.module_loading import import_string
from pymongo.errors import PyMongoError

from chat_project import health
from chat_project.redis import RedisAway
from staff.scope import Scope

logger = logging.getLogger(__name__)

MINUTES = 60
CHART_WIDTH, CHART_HEIGHT = 600, 120
MOST_LETTERS = 1_000
MOST_WAITING = 10_000
"""Messages; more are an alert (contract section 9)."""

SILENT = "Something does not answer. Messages that were accepted are kept."
NOT_CONSUMED = (
    "Messages are accepted and kept, but nothing stores them at the moment: they arrive later."
    " Tell whoever runs the service."
)
DELAYED = (
    "Messages are accepted and stored, but with a delay: very many are waiting."
    " If it lasts, tell whoever runs the service."
)


class Bar(msgspec.Struct, frozen=True):
    """A minute of the chart, in its own units; `title` is what a pointer shows."""

    x: int
    y: int
    width: int
    height: int
    title: str


class Rate(msgspec.Struct, frozen=True):
    """Messages stored in each of the last minutes, the present one last."""

    bars: list[Bar]
    last_minute: int
    """Of the last minute that is over."""
    hour: int
    highest: int


class StartPage(msgspec.Struct, frozen=True):
    """None: not known, because who knows it did not answer. `servers`: only for superusers.
    `trouble`: what is wrong, for people; empty when all is well."""

    rate: Rate | None
    lag: int | None
    letters: int | None
    letters_are_more: bool
    servers: dict[str, str | None] | None
    trouble: str


def start_page(scope: Scope) -> StartPage:
    """Asks Kafka and the servers at once and waits START_PAGE_SECONDS for them; MongoDB and Redis have
    bounds of their own. A school's staff are told of their own messages and letters, and of the lag,
    which is everybody's delay."""
    deadline = monotonic() + settings.START_PAGE_SECONDS
    asked = _lag().start(), _is_consumed().start()
    states = health.states(within_seconds=settings.START_PAGE_SECONDS)
    minutes = _figure("stored_per_minute", MINUTES, scope.tenant_id)
    letters = _figure("open_letters", scope.tenant_id)
    lag, is_consumed = (_answer(each, deadline) for each in asked)
    return StartPage(
        rate=None if minutes is None else rate_of(minutes),
        lag=lag,
        letters=letters,
        letters_are_more=letters is not None and letters >= MOST_LETTERS,
        servers=states if scope.is_all else None,
        trouble=trouble_of(states, lag, is_consumed=is_consumed),
    )


def trouble_of(
    states: Mapping[str, str | None], lag: int | None, *, is_consumed: bool | None
) -> str:
    """`states`: by server what it fails with. None is what is not known."""
    if any(states.values()) or lag is None or is_consumed is None:
        return SILENT
    if not is_consumed:
        return NOT_CONSUMED
    return DELAYED if lag > MOST_WAITING else ""


def _answer(asked: Future[object], deadline: float) -> Any:
    try:
        return asked.result(max(0.0, deadline - monotonic()))
    except Exception as error:  # whatever Kafka's client raises, the page is shown
        logger.warning("Kafka tells no figure: %s", str(error) or type(error).__name__)
        return None


def rate_of(minutes: Sequence[int]) -> Rate:
    """The chart's bars: the highest minute fills its height, and a minute with one is still seen."""
    highest = max(minutes, default=0)
    step = CHART_WIDTH // max(1, len(minutes))
    bars = []
    for place, count in enumerate(minutes):
        height = max(2, round(count / highest * CHART_HEIGHT)) if count else 0
        back = len(minutes) - 1 - place
        when = "this minute" if back == 0 else f"{back} min ago"
        title = f"{when}: {count}"
        bars.append(Bar(place * step, CHART_HEIGHT - height, step - 2, height, title))
    last = minutes[-2] if len(minutes) > 1 else 0
    return Rate(bars=bars, last_minute=last, hour=sum(minutes), highest=highest)


def _figure(name: str, *arguments: Any) -> Any:
    """What a layer above knows, or None while a server that it asks is away."""
    ask: Callable[..., Any] = import_string(settings.START_PAGE_FIGURES[name])
    try:
        with pymongo.timeout(settings.START_PAGE_SECONDS):
            return ask(*arguments)
    except (PyMongoError, RedisAway) as error:
        logger.warning("The start page does without %s: %s", name, error)
        return None


@cache
def _lag() -> health.Check:
    """Asked on a thread, which Kafka may keep for longer than the page waits."""
    return health.Check("lag", settings.START_PAGE_FIGURES["lag"], required=False)


@cache
def _is_consumed() -> health.Check:
    """As the lag; on a thread of its own, so that neither waits for the other."""
    return health.Check("consumers", settings.START_PAGE_FIGURES["is_consumed"], required=False)
