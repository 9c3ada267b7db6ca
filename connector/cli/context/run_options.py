"""The options that `run`, `request` and `download` share, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.context import load_settings, reject_store_with_sandbox, store_option
from connector.cli.context.settings import OUTPUT_FORMATS, Settings
from connector.cli.groups import get_meta
from connector.errors import UsageError
from connector.runtime.calls.call_options import CallOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

    from connector.cli.context.settings import Setting


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a command's calls run and how their results are shown, as far as flags say it."""

    connection: str | None = None
    store: str | None = None
    sandbox: bool = False
    faults: tuple[str, ...] = ()
    webhook_url: str | None = None
    dry_run: bool = False
    debug: bool = False
    limit: int | None = None
    timeout: str | None = None
    retry: tuple[str, ...] = ()
    output: str | None = None
    query: str | None = None
    har: Path | None = None
    curl: bool = False
    base_url: str | None = None
    account: str | None = None
    quiet: bool = False

    @classmethod
    def from_flags(cls, ctx: click.Context, flags: dict[str, Any]) -> RunOptions:
        """Read the options off a command line. Raises UsageError for those that do not go together."""
        options = cls(**flags, quiet=bool(get_meta(ctx, "quiet")))
        if options.faults and not options.sandbox:
            raise UsageError("--fault is played by the sandbox alone.", hint="Add --sandbox, or leave --fault out.")
        if options.webhook_url and not options.sandbox:
            raise UsageError("--webhook-url is the sandbox's alone.", hint="Add --sandbox, or leave --webhook-url out.")
        if options.sandbox and options.base_url:
            raise UsageError("--sandbox and --base-url name two places.", hint="Leave one out.")
        reject_store_with_sandbox(options.store, sandbox=options.sandbox)
        if options.har and options.dry_run:
            raise UsageError("--dry-run sends nothing that --har could record.", hint="Leave one out.")
        return options

    def call_options(self, timeout: Setting) -> CallOptions:
        """Return how calls run, as far as flags say; the timeout where it was a flag. Raises UsageError."""
        flag_timeout = timeout.value if timeout.source.startswith("flag") else None
        return CallOptions.parse(
            timeout=flag_timeout, retry=self.retry_options, debug=self.debug, limit=self.limit, account=self.account
        )

    @property
    def retry_options(self) -> dict[str, str] | None:
        """How calls are tried again, by the component's four names, where flags say it. Raises UsageError."""
        parsed: dict[str, str] = {}
        for item in self.retry:
            name, separator, value = item.partition("=")
            if not (name and separator):
                raise UsageError(f"--retry {name} is not NAME=VALUE.", hint="Such as --retry maxRetries=3")
            if name in parsed:
                raise UsageError(f"--retry {name} is given twice.", hint="Leave one out.")
            parsed[name] = value
        return parsed or None

    def load_settings(self, ctx: click.Context) -> Settings:
        """Return the settings in force."""
        return load_settings(ctx, connection=self.connection, timeout=self.timeout, output=self.output,
                        base_url=self.base_url, store=self.store)  # fmt: skip


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a run, in the order in which help shows them."""
    for option in reversed(_RUN_OPTIONS):
        command = option(command)
    return command


def _complete_connections(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the names of connections."""
    from connector.cli.context import connection_names
    from connector.cli.context.connection_context import ConnectionContext

    context = ConnectionContext.from_click(ctx, store=ctx.params.get("store"))
    return connection_names.complete_names(context, incomplete)


_RUN_OPTIONS = (
    click.option("--connection", metavar="NAME", shell_complete=_complete_connections,
                 help="The connection to run with: a stored one, else a kind that the environment describes."),
    store_option,
    click.option("--sandbox", is_flag=True, help="Run against a stand-in of the service; nothing leaves the machine."),
    click.option("--fault", "faults", multiple=True, metavar="FAULT",
                 help="Let the sandbox misbehave, such as 429:3 or drop-reply; repeat for more."),
    click.option("--webhook-url", metavar="URL",
                 help="Let the sandbox send a signed event there for each change: https, or http on this machine."),
    click.option("--dry-run", is_flag=True, help="Print the request and send nothing; needs no connection."),
    click.option("--debug", is_flag=True, help="Print request, reply and every attempt on stderr, without secrets."),
    click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Take at most N items of a listing."),
    click.option("--timeout", metavar="TIME", help="The time the whole call has, such as 10s, 500ms or 2m."),
    click.option("--retry", multiple=True, metavar="NAME=VALUE",
                 help="How it is tried again: maxRetries, retryDelayMS, useExponentialBackoff, retryAllErrors."),
    click.option("--output", type=click.Choice(OUTPUT_FORMATS),
                 help="json: the whole result (default). yaml: the same. table: a listing's items, or the data. "
                      "lines: one item a line for a listing, else one result a line."),
    click.option("--query", metavar="JMESPATH", help="Print only what this expression finds in the data."),
    click.option("--har", metavar="FILE", type=click.Path(path_type=Path),
                 help="Record requests and replies as HAR 1.2."),
    click.option("--curl", is_flag=True, help="Print on stderr the curl command that does the same."),
    click.option("--base-url", metavar="URL", help="Send to this place: https, or http on loopback."),
    click.option("--account", metavar="ID", help="The sub-account to act on."),
)  # fmt: skip
