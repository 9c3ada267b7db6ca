"""Pages as HTML: everything that is shown is escaped."""

from __future__ import annotations

import json
import time
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from connector.cli.output.times import format_duration, format_time

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATES = Path(__file__).parent / "templates"
_NOW = 60  # seconds that are just now


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "pretty": format_json,
        "compact": partial(json.dumps, ensure_ascii=False, default=str),
        "time": format_time,
        "ago": format_age,
    }
    return environment


def render(template: str, data: Mapping[str, Any]) -> str:
    """Return a template with data in it."""
    return _environment().get_template(f"{template}.html").render(data)


def format_json(value: Any) -> str:
    """Return a value as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def format_age(at: float) -> str:
    """Return how long ago a moment was."""
    seconds = time.time() - at
    return f"{format_duration(seconds)} ago" if seconds >= _NOW else "just now"
