"""How notes and log records look on stderr: as text, or as one JSON object a line for programs that collect logs."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from connector.cli.output import stdio
from connector.core import redaction

JSON = "json"
_CALL_FACTS = ("action", "outcome", "status", "attempts", "seconds", "error")
_TEXT_LINE = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%S")
_NOTE_LOGGER = "connector.cli"  # of what a command says itself


class JsonFormatter(logging.Formatter):
    """Formats a record as a JSON object on one line, without secrets; a call's facts are members."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts = {name: vars(record)[name] for name in _CALL_FACTS if vars(record).get(name) is not None}
        if record.exc_info and record.exc_info[0]:
            facts["error"] = record.exc_info[0].__name__  # its text may hold anything
        return format_json_line(record.name, record.levelname, record.getMessage(), record.created, facts)


def format_json_line(
    logger: str, level: str, message: str, at: float | None = None, facts: dict[str, Any] | None = None
) -> str:
    """Return a log record as JSON; `at` is epoch seconds."""
    moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    entry = {
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": level.lower(),
        "logger": logger,
        "message": redaction.default_redactor().redact_text(message),
        **(facts or {}),
    }
    return json.dumps(entry, ensure_ascii=False, default=str)


class _StderrHandler(logging.StreamHandler[Any]):
    """Writes to what stderr is when a record comes."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self.stream = sys.stderr
        super().emit(record)


_JSON_HANDLER = _StderrHandler()
_JSON_HANDLER.setFormatter(JsonFormatter())


def configure(log_format: str) -> None:
    """Print notes and log records in a format from now on; as JSON, a line for each call too."""
    is_json = log_format == JSON
    stdio.set_note_format(_format_notes if is_json else None)
    logger, calls = logging.getLogger("connector"), logging.getLogger("connector.call")
    if is_json:
        logger.addHandler(_JSON_HANDLER)
        logger.propagate = False
        calls.setLevel(logging.INFO)
    elif _JSON_HANDLER in logger.handlers:
        logger.removeHandler(_JSON_HANDLER)
        logger.propagate = True
        calls.setLevel(logging.NOTSET)


def print_records(logger_name: str) -> None:
    """Print a logger's records on stderr, with their time; as JSON, they are printed anyway."""
    logger = logging.getLogger(logger_name)
    if _JSON_HANDLER in logging.getLogger("connector").handlers or logger.handlers:
        return
    handler = _StderrHandler()
    handler.setFormatter(_TEXT_LINE)
    logger.addHandler(handler)
    logger.propagate = False


def build_formatter(text_format: str) -> logging.Formatter:
    """Return the formatter of the format in force; `text_format` is that of text."""
    is_json = _JSON_HANDLER in logging.getLogger("connector").handlers
    return JsonFormatter() if is_json else logging.Formatter(text_format)


def _format_notes(text: str, level: str) -> str:
    return "\n".join(format_json_line(_NOTE_LOGGER, level, line) for line in text.splitlines() if line.strip())
