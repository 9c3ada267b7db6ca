"""Pages as HTML: everything that is shown is escaped."""

from __future__ import annotations

import json
import re
import secrets
import time
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import jinja2.ext

from connector.cli.output.times import format_duration, format_time
from connector.console.visit import PAGE_FIELD

if TYPE_CHECKING:
    from collections.abc import Mapping

CONSOLE = secrets.token_urlsafe(9)  # of this process: says of a form whose page it stands in
_POST_FORM = re.compile(r'<form method="post"[^>]*>')
TEMPLATES = Path(__file__).parent / "templates"
_NOW = 60  # seconds that are just now


class _MarkForms(jinja2.ext.Extension):
    """Has every form that is posted say whose page it stands in."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        """Return a template with a field of its own in each form."""
        mark = f'<input type="hidden" name="{PAGE_FIELD}" value="{{{{ console }}}}">'
        return _POST_FORM.sub(lambda found: found[0] + mark, source)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_MarkForms],
    )
    environment.globals["console"] = CONSOLE
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
