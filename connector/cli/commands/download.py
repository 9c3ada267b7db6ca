"""`connector download`: download a file, or every file that an action lists."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from connector.cli.calls import input_args
from connector.cli.calls.call import CallTask
from connector.cli.calls.download_task import DEFAULT_CONCURRENCY, DownloadTask
from connector.cli.calls.item_values import read_secret
from connector.cli.context.context import open_connector
from connector.cli.context.key_values import input_option
from connector.cli.context.overlap import no_overlap_option
from connector.cli.context.run_options import RunOptions, run_options
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_REFUSED
from connector.cli.output.progress import ProgressBar, transfer_columns
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import MASK
from connector.errors import InputError, Problem, UsageError

_HELP = """Download a file from a URL in a reply or an event of the service.

With an action instead of a URL, download every file that its reply lists, several at once. Existing files are skipped,
and --limit is the maximum number of files.

A file has its name only when it is complete. Run the command again to resume an interrupted download. The connection's
token is sent to the service's own hosts only; other URLs are rejected.
"""


@click.command("download", cls=StrictCommand, help=_HELP)
@click.argument("url_or_action", metavar="URL|ACTION")
@click.option("-o", "target", metavar="FILE|FOLDER/", default=".",
              help="The file or folder to write to (default: this folder).")  # fmt: skip
@input_option("An input of ACTION")
@click.option("--overwrite", is_flag=True, help="Replace existing files when the new ones are complete.")
@click.option("--concurrency", type=click.IntRange(1, 32), default=DEFAULT_CONCURRENCY, show_default=True,
              help="The files of ACTION to download at the same time.")  # fmt: skip
@click.option("--token", "token", metavar="@FILE|env:NAME|?",
              help="A token for this URL instead of the connection's, such as an event's download token.")  # fmt: skip
@partial(run_options, limit_help="Download at most N files of ACTION.")
@no_overlap_option
@global_options
@click.pass_context
def download_command(ctx: click.Context, /, url_or_action: str, items: tuple[str, ...], **flags: Any) -> int:
    """Download."""
    from connector.cli.calls.call_list import CallList
    from connector.cli.calls.execution import run_calls

    download_flags = {name: flags.pop(name) for name in ("target", "overwrite", "concurrency", "token")}
    options = RunOptions.from_flags(ctx, flags)
    settings = options.load_settings(ctx)
    connector = open_connector(settings)
    is_shown = not options.quiet and not options.debug
    download_flags["progress_bar"] = ProgressBar(transfer_columns, enabled=is_shown)
    if download_flags["target"] == "-":
        hint = "Name a file or a folder with -o; a file named - is ./-"
        raise UsageError("Downloads cannot go to stdout, because they resume from a file.", hint=hint)
    if "://" in url_or_action:
        if items:
            raise UsageError("-i is for inputs of an action, but this is a URL.", hint="Remove -i.")
        if options.limit is not None:
            raise UsageError("--limit is for files of an action, but this is a URL.", hint="Remove --limit.")
        if options.page_size is not None:
            raise UsageError("--page-size is for a listing, but this is a URL.", hint="Remove --page-size.")
        task = DownloadTask(url=url_or_action, **{**download_flags, "token": _read_token(download_flags["token"])})
    else:
        if download_flags["token"] is not None:
            raise UsageError("--token is for a URL.", hint="Remove it: the action has the token of its files.")
        if "/" in url_or_action:
            message = f"{url_or_action.partition('?')[0]:.60} is not a URL; expected https://..."
            raise UsageError(message, hint="Copy the URL from the reply or the event.")
        action = connector.action(url_or_action)
        call = CallTask(action.action, input_args.parse_inputs(connector, action, items))
        task = DownloadTask(call=call, **download_flags)
    code = run_calls(connector, settings, options, CallList([task]))
    return EXIT_REFUSED if code == EXIT_DONE and task.failed_paths else code


def _read_token(text: str | None) -> str | None:
    """Return a token from a file, the environment or a prompt. Raises InputError for a literal."""
    if text is None:
        return None
    try:
        return read_secret("the token", "=", text)
    except InvalidValue as invalid:
        is_reference = text.startswith(("@", "env:"))
        fix = invalid.fix if is_reference else "write --token @FILE, --token env:NAME, or --token ? for a prompt"
        raise InputError.from_problems("download", [Problem("--token", MASK, invalid.expected, fix)]) from None
