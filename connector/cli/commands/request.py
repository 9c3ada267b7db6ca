"""`connector request`: send any request below the service's base URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connector.cli.calls import file_args
from connector.cli.context.context import open_connector
from connector.cli.context.run_options import RunOptions, run_options
from connector.cli.groups import StrictCommand, global_options
from connector.cli.help.pasted import is_url
from connector.core.inputs.coerce import to_json_value
from connector.core.invalid_value import InvalidValue
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

_HELP = """Send METHOD PATH below the service's base URL, such as: connector request GET /users/me -q login_type=100

The connection adds the credentials; host and credentials cannot be given. PATH begins with / and must be encoded.
"""


class _RequestCommand(StrictCommand):
    """Tells when the method is left out: a path, or a whole URL, stands in its place."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments. Raises UsageError for a path without its method."""
        if args and not ctx.resilient_parsing and (args[0].startswith("/") or is_url(args[0])):
            raise click.UsageError("METHOD is missing before the path, such as: connector request GET /users/me", ctx)
        return super().parse_args(ctx, args)


@click.command("request", cls=_RequestCommand, help=_HELP)
@click.argument("method", metavar="METHOD")
@click.argument("path", metavar="PATH")
@click.option("-q", "parameters", multiple=True, metavar="KEY=VALUE", help="A query parameter; repeatable.")
@click.option("-H", "headers", multiple=True, metavar="NAME=VALUE", help="A header; repeatable.")
@click.option("-d", "data", metavar="DATA|@FILE", help="The body; JSON text is sent as JSON. @- is standard input.")
@click.option("-F", "form", multiple=True, metavar="NAME=VALUE|@FILE",
              help="A field or a file of a multipart form; repeatable.")  # fmt: skip
@click.option("--response-type", type=click.Choice(["json", "text", "binary", "document"]), default="json",
              help="The type of the reply (default: json).")  # fmt: skip
@click.option("--paginate", is_flag=True, help="Read every page of the list, as the service pages, and merge them.")
@click.option("--items", metavar="PATH",
              help="With --paginate: the field that holds the items (default: the reply's only list).")  # fmt: skip
@run_options
@global_options
@click.pass_context
def request_command(ctx: click.Context, /, method: str, path: str, response_type: str, **flags: Any) -> int:
    """Send any request."""
    from connector.cli.calls.call import CallTask
    from connector.cli.calls.call_list import CallList
    from connector.cli.calls.execution import run_calls
    from connector.runtime.calls.call_options import CallOptions
    from connector.runtime.calls.factory import build_raw_inputs

    paging = CallOptions.parse(paginate=flags.pop("paginate"), items=flags.pop("items"))
    parts = _parse_parts({name: flags.pop(name) for name in ("parameters", "headers", "data", "form")})
    options = RunOptions.from_flags(ctx, flags)
    settings = options.load_settings(ctx)
    body = {name: parts.get(name) for name in ("data", "form", "files")}
    given = build_raw_inputs(method, path, parts.get("query"), parts.get("headers"), body)
    task = CallTask(None, {**given, "response_type": response_type}, paging)
    return run_calls(open_connector(settings), settings, options, CallList([task]))


def _parse_parts(flags: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of the request. Raises InputError with every problem."""
    problems: list[Problem] = []
    fields = _parse_pairs("-F", flags["form"], problems)
    parts = {
        "query": _parse_pairs("-q", flags["parameters"], problems),
        "headers": _parse_pairs("-H", flags["headers"], problems),
        "data": _read_body(flags["data"], problems, has_type=_has_content_type(flags["headers"])),
        "form": [(name, value) for name, value in fields if not value.startswith("@")],
        "files": _open_files(fields, problems),
    }
    if problems:
        raise InputError.from_problems("request", problems)
    return {name: value for name, value in parts.items() if value not in (None, [], {})}


def _parse_pairs(flag: str, items: Sequence[str], problems: list[Problem]) -> list[tuple[str, str]]:
    """Split NAME=VALUE; a header may also be `Name: value`."""
    pairs = []
    for position, item in enumerate(items, 1):
        name, separator, value = item.partition("=")
        if flag == "-H" and ":" in name:
            name, separator, value = item.partition(":")
            value = value.strip()
        if separator and name.strip():
            pairs.append((name.strip(), value))
        else:
            missing_separator = f"add = and a value after position {len(item)}"
            got, fix = ("no name before =", "add a name") if separator else ("no =", missing_separator)
            problems.append(Problem(f"{flag} number {position}", got, "NAME=VALUE", fix))
    return pairs


def _has_content_type(headers: Sequence[str]) -> bool:
    return any(header.lower().startswith("content-type") for header in headers)


def _read_body(text: str | None, problems: list[Problem], *, has_type: bool) -> str | bytes | None:
    """Return the body; what begins as JSON is JSON, unless a header says what it is."""
    if text is None or not text.startswith("@"):
        if text is not None and text.lstrip()[:1] in ("{", "[") and not has_type:
            try:
                to_json_value(text)
            except InvalidValue as invalid:
                fix = f"{invalid.fix}; for a text of another kind, add -H Content-Type=text/plain"
                problems.append(Problem("-d", "what begins as JSON and is none", invalid.expected, fix))
        return text
    try:
        return file_args.read_body(text[1:])
    except InvalidValue as invalid:
        problems.append(Problem("-d", text, invalid.expected, invalid.fix))
        return None


def _open_files(
    fields: Sequence[tuple[str, str]], problems: list[Problem]
) -> dict[str, tuple[str, file_args.FileArgument]]:
    """Open the files among the fields of a form; each name may have one."""
    files: dict[str, tuple[str, file_args.FileArgument]] = {}
    for name, value in fields:
        if not value.startswith("@"):
            continue
        try:
            file = file_args.open_file_argument(value[1:])
        except InvalidValue as invalid:
            problems.append(Problem(f"-F {name}", value, invalid.expected, invalid.fix))
            continue
        if name in files:
            problems.append(Problem(f"-F {name}", "two files", "one file under each name", "rename one"))
        files[name] = (file.name, file)
    return files
