"""Pages as HTML: everything that is shown is escaped."""

from __future__ import annotations

import json
import secrets
import time
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from connector.cli.output.times import format_duration, format_time
from connector.console.visit import PAGE_FIELD
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONSOLE = secrets.token_urlsafe(9)  # of this process: says of a form whose page it stands in
_OWN_ADDRESS = prepare_pattern(r' (?:href|src|action|formaction|hx-get|hx-post|data-news)="(?=/)')
_POST_FORM = prepare_pattern(r'<form method="post"[^>]*>')
TEMPLATES = Path(__file__).parent / "templates"
_NOW = 60  # seconds that are just now


class _Templates(jinja2.FileSystemLoader):
    """Templates in which every form that is posted says whose page it stands in."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return a template with a field of its own in each form."""
        source, path, is_current = super().get_source(environment, template)
        mark = f'<input type="hidden" name="{PAGE_FIELD}" value="{{{{ console }}}}">'
        return _POST_FORM.sub(lambda found: found[0] + mark, source), path, is_current


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=_Templates(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["console"] = CONSOLE
    environment.filters |= {
        "pretty": format_json,
        "compact": partial(json.dumps, ensure_ascii=False, default=str),
        "time": format_time,
        "ago": format_age,
    }
    return environment


def render(template: str, data: Mapping[str, Any], root_path: str = "") -> str:
    """Return a template with data in it; the addresses of the console's own pages begin with `root_path`.

    What looks like an address in the data does not become one: its quotes are escaped.
    """
    html = _environment().get_template(f"{template}.html").render(data)
    return _OWN_ADDRESS.sub(rf"\g<0>{root_path}", html)


def format_json(value: Any) -> str:
    """Return a value as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def format_age(at: float) -> str:
    """Return how long ago a moment was."""
    seconds = time.time() - at
    return f"{format_duration(seconds)} ago" if seconds >= _NOW else "just now"
