"""`connector download`: a file of the service to disk, or every file that an action lists."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from connector.cli.calls import input_args
from connector.cli.calls.call import CallTask
from connector.cli.context.context import open_connector
from connector.cli.context.run_options import RunOptions, run_options
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_REFUSED
from connector.cli.output.progress import ProgressBar, transfer_columns
from connector.cli.output.stdio import print_stderr
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import MASK
from connector.core.request.download_request import build_download_request
from connector.errors import InputError, Problem, UsageError
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.downloads.batch import DownloadBatch
from connector.runtime.downloads.download import DownloadRequest

if TYPE_CHECKING:
    from connector.core.request.builder import Request
    from connector.core.response.parser import Result
    from connector.definition.loader import Connector
    from connector.runtime.client.client import Client

_HELP = """Bring a file of the service to disk: a URL that one of its replies or events gave.

With the name of an action in place of the URL, every file that its reply lists, several at once; those that are there
already are skipped. There --limit is how many files come at most.

A file comes under its name when it is whole. One that was cut goes on when the command is run again. The connection's
token goes to the service's own hosts alone; a URL anywhere else is refused.
"""
_DEFAULT_CONCURRENCY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadTask:
    """A download: of a URL, or of the files that an action lists. `failed_paths` are files that did not come."""

    url: str | None = None
    call: CallTask | None = None
    target: str = "."
    token: str | None = field(default=None, repr=False)
    overwrite: bool = False
    concurrency: int = _DEFAULT_CONCURRENCY
    progress_bar: ProgressBar
    failed_paths: list[str] = field(default_factory=list)
    options: CallOptions = field(default_factory=CallOptions)

    @property
    def action(self) -> str | None:
        """The action whose files are downloaded; None for a URL."""
        return self.call.action if self.call is not None else None

    @property
    def is_debugged(self) -> bool:
        """Whether the action's own inputs ask for its trace."""
        return self.call is not None and self.call.is_debugged

    @property
    def needs_connection(self) -> bool:
        """Whether it needs a connection."""
        return self.token is None

    @property
    def streams_items(self) -> bool:
        """Whether its items are the service's: they are the files that came."""
        return False

    def find_items_path(self, connector: Connector) -> str | None:  # noqa: ARG002  the protocol's signature
        """Return the field that holds the files of an action."""
        return "files" if self.url is None else None

    def send(self, client: Client, options: CallOptions) -> Result:
        """Download. Raises ConnectorError."""
        try:
            with self.progress_bar as progress_bar:
                if self.url is not None:
                    request = DownloadRequest.from_arguments(
                        self.url,
                        self.target,
                        overwrite=self.overwrite,
                        token=self.token,
                        on_progress=progress_bar.update,
                    )
                    return client.execute_download(request, options)
                assert self.call is not None
                batch = DownloadBatch.from_arguments(
                    client.connector, str(self.call.action), self.target, concurrency=self.concurrency,
                    overwrite=self.overwrite, on_progress=progress_bar.update, limit=options.limit,
                )  # fmt: skip
                result = client.execute_batch(batch, self.call.given, options)
        except KeyboardInterrupt as interrupt:
            for note in getattr(interrupt, "__notes__", ()):
                print_stderr(note)
            raise
        self._report_failures(result.data)
        return result

    def _report_failures(self, data: dict[str, Any]) -> None:
        """Say on stderr which files did not come, and how many did."""
        for row in data["files"]:
            if "error" in row:
                self.failed_paths.append(row["path"])
                print_stderr(f"{row['path']}: {row['error']['message']} {row['error']['hint']}".rstrip())

    def build_request(self, connector: Connector, base_url: str | None, options: CallOptions) -> Request:
        """Return the request that it would send first. Raises InputError."""
        if self.call is not None:
            return self.call.build_request(connector, base_url, options)
        return build_download_request(connector, str(self.url), base_url or connector.manifest.base_url)


@click.command("download", cls=StrictCommand, help=_HELP)
@click.argument("url_or_action", metavar="URL|ACTION")
@click.option("-o", "target", metavar="FILE|FOLDER/", default=".",
              help="Where to; in a folder a file gets its own name (default: this folder).")  # fmt: skip
@click.option("-i", "--input", "items", multiple=True, metavar="KEY=VALUE", help="An input of ACTION; repeat for more.")
@click.option("--overwrite", is_flag=True, help="Replace a file of that name once the new one is whole.")
@click.option("--concurrency", type=click.IntRange(1, 32), default=_DEFAULT_CONCURRENCY, show_default=True,
              help="How many files of ACTION come at the same time.")  # fmt: skip
@click.option("--token", "token", metavar="@FILE|env:NAME|?",
              help="A token for this URL in place of the connection's, such as an event's download token.")  # fmt: skip
@run_options
@global_options
@click.pass_context
def download_command(ctx: click.Context, /, url_or_action: str, items: tuple[str, ...], **flags: Any) -> int:
    """Download."""
    from connector.cli.calls.call import CallList
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
