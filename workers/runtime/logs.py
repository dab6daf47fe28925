"""Logs of every process: a constant event plus fields, secrets masked, ids bound per task or request.

from workers.runtime.logs import get_logger
log = get_logger(__name__)
log.info("stack deployed", stack="production/authelia", seconds=3.1)
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import AbstractContextManager
from logging.handlers import WatchedFileHandler
from typing import TYPE_CHECKING, Any, Literal, cast

from workers.model.messages import visible
from workers.runtime.late import late
from workers.runtime.masking import masked

if TYPE_CHECKING:
    import structlog
else:  # a third of the time of a command that says nothing of itself
    structlog = late("structlog")

_Format = Literal["console", "json"]
_pending: list[Callable[[], None]] = []  # what is still to be set up, before the first line


def _mask_value(value: object) -> object:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {key: _mask_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_value(item) for item in value]
    return value


def _mask_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        event[key] = _mask_value(value)
    return event


def _make_visible(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What others have written steers no terminal; in JSON it is escaped anyway."""
    for key, value in event.items():
        event[key] = visible(value) if isinstance(value, str) else value
    return event


def _keep_stack(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Show the field `stack` beside the event: the console's renderer takes it for a stack trace."""
    if (stack := event.pop("stack", None)) is not None:
        event["event"] = f"{event.get('event', '')} stack={stack}"
    return event


def configure_logs(log_format: _Format = "console", level: int = logging.INFO, file: str | None = None) -> None:
    """Set up logging for this process, ours and every library's, on standard error or in a file.

    Args:
        log_format: `console` for people, `json` for machines: one object a line.
        level: the lowest level shown.
        file: where to append; when somebody has moved it away, it is made anew.
    """
    _pending.clear()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending = _ending(log_format, colors=file is None and sys.stderr.isatty())
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
    )
    handler = WatchedFileHandler(file, encoding="utf-8") if file else logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # more threads than it keeps connections for
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared[:3],
            shared[4],
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _ending(log_format: Literal["console", "json"], *, colors: bool) -> list[Any]:
    """What makes a line of an event, the last ones of the processors."""
    if log_format == "json":
        return [structlog.processors.format_exc_info, _mask_event, structlog.processors.JSONRenderer()]
    console = structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0)
    return [structlog.processors.format_exc_info, _mask_event, _make_visible, _keep_stack, console]


def configure_logs_late(log_format: _Format = "console", level: int = logging.INFO) -> None:
    """The same when the first line is logged, which for most commands is never."""

    def configure() -> None:
        configure_logs(log_format, level)

    root = logging.getLogger()
    root.handlers[:] = [_Late(configure)]
    root.setLevel(level)
    _pending[:] = [configure]


class _Late(logging.Handler):
    """Stands where the handler will be, and lets it have the line that it is made for."""

    def __init__(self, configure: Callable[[], None]) -> None:
        super().__init__()
        self._configure = configure

    def emit(self, record: logging.LogRecord) -> None:
        """Set logging up, and log the record."""
        self._configure()
        logging.getLogger().handle(record)


class _Logger:
    """structlog's logger of a name, made when it is first asked for something."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._made: structlog.stdlib.BoundLogger | None = None

    def __getattr__(self, attribute: str) -> object:
        while _pending:
            _pending.pop()()
        if self._made is None:
            self._made = structlog.get_logger(self._name)
        return getattr(self._made, attribute)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module."""
    return cast("structlog.stdlib.BoundLogger", _Logger(name))


def log_context(**ids: object) -> AbstractContextManager[None]:
    """Bind ids to every line that is logged inside of a `with`, and clear them after."""
    return structlog.contextvars.bound_contextvars(**ids)
