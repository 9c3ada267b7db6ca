"""`connector raw`: any request below the service's base URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connector.cli.calls import file_args as upload
from connector.cli.context.run_options import Options, connector_of, run_options
from connector.cli.groups import Command, shared
from connector.core.inputs.coerce import Bad
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

_HELP = """Send METHOD PATH below the service's base URL, such as: connector raw GET /users/me -q login_type=100

The connection adds what signs the request; host and credentials cannot be given. PATH begins with / and is already
encoded.
"""


@click.command("raw", cls=Command, help=_HELP)
@click.argument("method", metavar="METHOD")
@click.argument("path", metavar="PATH")
@click.option("-q", "parameters", multiple=True, metavar="KEY=VALUE", help="A parameter of the query; repeat for more.")
@click.option("-H", "headers", multiple=True, metavar="NAME=VALUE", help="A header; repeat for more.")
@click.option("-d", "data", metavar="DATA|@FILE", help="The body; text that is JSON goes out as JSON.")
@click.option("-F", "form", multiple=True, metavar="NAME=VALUE|@FILE",
              help="A field or a file of a multipart form; repeat for more.")  # fmt: skip
@click.option("--response-type", type=click.Choice(["json", "text", "binary", "document"]), default="json",
              help="What to expect of the answer (default: json).")  # fmt: skip
@run_options
@shared
@click.pass_context
def raw_command(context: click.Context, /, method: str, path: str, response_type: str, **found: Any) -> int:
    """Send any request."""
    from connector.cli.calls.call import Task, Tasks
    from connector.cli.calls.runner import play

    parts = _parts({name: found.pop(name) for name in ("parameters", "headers", "data", "form")})
    options = Options.of(context, found)
    settings = options.settings(context)
    call = Task(None, {"method": method, "path": path, "response_type": response_type, **parts})
    return play(connector_of(settings), settings, options, Tasks([call]))


def _parts(found: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of the request. Raises InputError with every problem."""
    problems: list[Problem] = []
    fields = _pairs("-F", found["form"], problems)
    parts = {
        "query": _pairs("-q", found["parameters"], problems),
        "headers": _pairs("-H", found["headers"], problems),
        "data": _data(found["data"], problems),
        "form": [(name, value) for name, value in fields if not value.startswith("@")],
        "files": _files(fields, problems),
    }
    if problems:
        raise InputError.of("raw", problems)
    return {name: value for name, value in parts.items() if value not in (None, [], {})}


def _pairs(flag: str, items: Sequence[str], problems: list[Problem]) -> list[tuple[str, str]]:
    """Split NAME=VALUE; a header may be written `Name: value` too."""
    pairs = []
    for place, item in enumerate(items, 1):
        name, sign, value = item.partition("=")
        if flag == "-H" and ":" in name:
            name, sign, value = item.partition(":")
            value = value.strip()
        if sign and name.strip():
            pairs.append((name.strip(), value))
        else:
            missing = f"put = and a value at the end, after position {len(item)}"
            got, fix = ("no name before =", "put one there") if sign else ("no =", missing)
            problems.append(Problem(f"{flag} number {place}", got, "NAME=VALUE", fix))
    return pairs


def _data(text: str | None, problems: list[Problem]) -> str | bytes | None:
    if text is None or not text.startswith("@"):
        return text
    try:
        return upload.body(text[1:])
    except Bad as bad:
        problems.append(Problem("-d", text, bad.expected, bad.fix))
        return None


def _files(fields: Sequence[tuple[str, str]], problems: list[Problem]) -> dict[str, tuple[str, upload.Upload]]:
    """Open the files among the fields of a form, each under a name of its own."""
    found: dict[str, tuple[str, upload.Upload]] = {}
    for name, value in fields:
        if not value.startswith("@"):
            continue
        try:
            file = upload.named(value[1:])
        except Bad as bad:
            problems.append(Problem(f"-F {name}", value, bad.expected, bad.fix))
            continue
        if name in found:
            problems.append(Problem(f"-F {name}", "two files", "one file under each name", "rename one"))
        found[name] = (file.name, file)
    return found
