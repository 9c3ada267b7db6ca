"""`connector download`: a file of the service to disk, or every file that an action lists."""

from __future__ import annotations

import os
from typing import Any

import click

from connector.cli.calls import input_args
from connector.cli.calls.call import CallTask
from connector.cli.calls.download_task import DEFAULT_CONCURRENCY, DownloadTask
from connector.cli.context.context import open_connector
from connector.cli.context.run_options import RunOptions, run_options
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_REFUSED
from connector.cli.output.progress import ProgressBar, transfer_columns
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import MASK
from connector.errors import InputError, Problem, UsageError

_HELP = """Bring a file of the service to disk: a URL that one of its replies or events gave.

With the name of an action in place of the URL, every file that its reply lists, several at once; those that are there
already are skipped. There --limit is how many files come at most.

A file comes under its name when it is whole. One that was cut goes on when the command is run again. The connection's
token goes to the service's own hosts alone; a URL anywhere else is refused.
"""


@click.command("download", cls=StrictCommand, help=_HELP)
@click.argument("url_or_action", metavar="URL|ACTION")
@click.option("-o", "target", metavar="FILE|FOLDER/", default=".",
              help="Where to; in a folder a file gets its own name (default: this folder).")  # fmt: skip
@click.option("-i", "--input", "items", multiple=True, metavar="KEY=VALUE", help="An input of ACTION; repeat for more.")
@click.option("--overwrite", is_flag=True, help="Replace a file of that name once the new one is whole.")
@click.option("--concurrency", type=click.IntRange(1, 32), default=DEFAULT_CONCURRENCY, show_default=True,
              help="How many files of ACTION come at the same time.")  # fmt: skip
@click.option("--token", "token", metavar="@FILE|env:NAME|?",
              help="A token for this URL in place of the connection's, such as an event's download token.")  # fmt: skip
@run_options
@global_options
@click.pass_context
def download_command(ctx: click.Context, /, url_or_action: str, items: tuple[str, ...], **flags: Any) -> int:
    """Download."""
    from connector.cli.calls.call_list import CallList
    from connector.cli.calls.runner import run_calls

    download_flags = {name: flags.pop(name) for name in ("target", "overwrite", "concurrency", "token")}
    options = RunOptions.from_flags(ctx, flags)
    settings = options.load_settings(ctx)
    connector = open_connector(settings)
    is_animated = os.environ.get("TERM", "dumb") != "dumb"  # else each update would be a line
    download_flags["progress_bar"] = ProgressBar(
        transfer_columns, enabled=is_animated and not options.quiet and not options.debug
    )
    if download_flags["target"] == "-":
        hint = "Name a file or a folder; a file of that name is ./-"
        raise UsageError("-o - names no place: what is cut goes on in a file, so a download has one.", hint=hint)
    if "://" in url_or_action:
        if items:
            raise UsageError("-i is for an action's inputs, and this is a URL.", hint="Leave -i out.")
        if options.limit is not None:
            raise UsageError("--limit is for the files of an action, and this is a URL.", hint="Leave --limit out.")
        task = DownloadTask(url=url_or_action, **{**download_flags, "token": _read_token(download_flags["token"])})
    else:
        if download_flags["token"] is not None:
            raise UsageError("--token is for a URL.", hint="The action says which token downloads its files.")
        if "/" in url_or_action:
            message = f"{url_or_action.partition('?')[0]:.60} is no URL: one begins with https://"
            raise UsageError(message, hint="Take it as the service gave it.")
        action = connector.action(url_or_action)
        call = CallTask(action.action, input_args.parse_inputs(connector, action, items, {}))
        task = DownloadTask(call=call, **download_flags)
    code = run_calls(connector, settings, options, CallList([task]))
    return EXIT_REFUSED if code == EXIT_DONE and task.failed_paths else code


def _read_token(text: str | None) -> str | None:
    """Return a token from a file, the environment or a person. Raises InputError for a literal."""
    if text is None:
        return None
    try:
        return input_args.read_secret("the token", "=", text)
    except InvalidValue as invalid:
        is_reference = text.startswith(("@", "env:"))
        fix = invalid.fix if is_reference else "write --token @FILE, --token env:NAME, or --token ? to be asked"
        raise InputError.from_problems("download", [Problem("--token", MASK, invalid.expected, fix)]) from None
