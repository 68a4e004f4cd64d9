"""Logs: structlog over the standard library, to standard error and to the file of the day.

Standard error follows LOG_FORMAT (console or json); the file is always plain text:
`2025-11-07 10:00:00.123 [INFO] text key=value`. Tokens are cut out of every record, and line breaks
within a text are written as escapes: what people send must not look like a line of ours.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger
from typing_extensions import override

from chat_project import request_id
from chat_project.log_files import DayFile
from chat_project.settings.environment import BASE_DIR

_TEXT = "<text>"
_TOKENS = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|(?<=access_token=)[^&\s\"']+"
    r"|(?<=[Bb]earer )[^\s\"',]+"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
"""All that ends a line somewhere, and what moves the cursor of a terminal."""


def configure(options: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG; `options["format"]` is LOG_FORMAT. May be called again."""
    to_console = _as_json if options["format"] == "json" else _as_plain_text
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, LineHandler)]:
        root.removeHandler(handler)
    root.addHandler(LineHandler(_write_to_standard_error, to_console))
    root.addHandler(LineHandler(_day_file.write, _as_plain_text))
    root.setLevel(logging.INFO)
    for name in ("django", "django.server"):  # Django gave them outputs of their own
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[*_ENRICHING, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def write_lines(level: int, texts: Sequence[str]) -> None:
    """Logs many lines of one moment with one write per output, as `logging` would one by one.

    For a consumer's batch: no record per line is made. The texts must hold no token.
    """
    if not texts or not logging.getLogger().isEnabledFor(level):
        return
    moment = time.time()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LineHandler):
            handler.write_many(logging.getLevelName(level), texts, moment)


class LineHandler(logging.Handler):
    """Renders a record to one line, its traceback below, and hands the text to `write`."""

    def __init__(
        self,
        write: Callable[[str, float], None],
        render: Callable[[WrappedLogger, str, EventDict], str],
    ) -> None:
        super().__init__()
        self._write = write
        self._render = render
        self.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=_ENRICHING,
                processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
            )
        )

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = _TOKENS.sub("[token]", self.format(record))
            self._write(f"{text}\n", record.created)
        except Exception:  # logging's own rule: a line that fails must not end the program
            self.handleError(record)

    def write_many(self, level: str, texts: Sequence[str], moment: float) -> None:
        """One line is rendered with a place-holder; the others differ in their text alone."""
        moment_and_level = {"timestamp": _format_moment(moment), "level": level.lower()}
        before, after = self._render(None, "", {"event": _TEXT, **moment_and_level}).split(_TEXT)
        if self._render is _as_json:
            texts = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts]
        self._write(before + f"{after}\n{before}".join(texts) + f"{after}\n", moment)


def _add_moment_and_request(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    event["timestamp"] = _format_moment(record.created if record else time.time())
    if (current := request_id.current()) is not None:
        event["request_id"] = current
    return event


def _format_moment(epoch_seconds: float) -> str:
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"


def _as_plain_text(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    timestamp, level, text = event.pop("timestamp"), event.pop("level"), event.pop("event")
    exception = event.pop("exception", None)
    pairs = "".join(f" {key}={_quoted(value)}" for key, value in event.items())
    below = f"\n{exception}" if exception else ""
    return f"{timestamp} [{level.upper()}] {_on_one_line(f'{text}{pairs}')}{below}"


def _on_one_line(text: str) -> str:
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if re.search(r'[\s"=]', text) else text


def _as_json(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)


def _write_to_standard_error(text: str, _moment: float) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


_ENRICHING: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.format_exc_info,
    _add_moment_and_request,
]
_day_file = DayFile(BASE_DIR / "logs")
