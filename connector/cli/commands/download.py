"""`connector download`: a file of the service to disk, or every file that an action lists."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import click

from connector.cli.calls import input_args as given
from connector.cli.calls.call import Task
from connector.cli.context.run_options import Options, connector_of, run_options
from connector.cli.groups import Command, shared
from connector.cli.output import errors as failure
from connector.core.inputs.coerce import Bad
from connector.core.redaction import HIDDEN
from connector.errors import InputError, Problem, UsageError

if TYPE_CHECKING:
    from rich.progress import Progress as Drawn

    from connector.core.request.builder import Request
    from connector.core.response.parser import Result
    from connector.definition.loader import Connector
    from connector.runtime.calls.factory import Choices
    from connector.runtime.client.client import Client

_HELP = """Bring a file of the service to disk: a URL that one of its replies or events gave.

With the name of an action in place of the URL, every file that its reply lists, several at once; those that are there
already are skipped. There --limit is how many files come at most.

A file comes under its name when it is whole. One that was cut goes on when the command is run again. The connection's
token goes to the service's own hosts alone; a URL anywhere else is refused.
"""
_AT_ONCE = 4


class Bar:
    """How much of a download is there, how fast it comes, how long still; only on a terminal, gone when done."""

    def __init__(self, *, wanted: bool) -> None:
        moves = os.environ.get("TERM", "dumb") != "dumb"  # else a bar would be a line after another
        self._wanted = wanted and moves and sys.stderr.isatty()
        self._drawn: Drawn | None = None

    def __call__(self, held: int, size: int | None) -> None:
        """Show what is there."""
        if not self._wanted:
            return
        if self._drawn is None:
            self._drawn = _draw()
        self._drawn.update(self._drawn.task_ids[0], completed=held, total=size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn is not None:
            self._drawn.stop()


def _draw() -> Drawn:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Drawn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    drawn = Drawn(*columns, console=Console(stderr=True), transient=True)
    drawn.add_task("", total=None)
    drawn.start()
    return drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch(Task):
    """A download: of `url`, or of the files that the action lists. `failures` are files that did not come."""

    url: str | None = None
    place: str = "."
    token: str | None = field(default=None, repr=False)
    overwrite: bool = False
    at_once: int = _AT_ONCE
    bar: Bar = field(default_factory=lambda: Bar(wanted=False))
    failures: list[str] = field(default_factory=list)

    @property
    def signs(self) -> bool:
        """Whether it needs a connection."""
        return self.token is None

    @property
    def paged(self) -> bool:
        """Whether its items are the service's: they are the files that came."""
        return False

    def items(self, connector: Connector) -> str | None:  # noqa: ARG002  the base class's signature
        """Return the field that holds the files of an action."""
        return "files" if self.url is None else None

    def send(self, client: Client, how: Choices) -> Result:
        """Download. Raises ConnectorError."""
        options: dict[str, Any] = {"timeout": how.timeout, "retry": how.retry, "debug": how.debug}
        try:
            with self.bar:
                if self.url is not None:
                    return client.download(
                        self.url, self.place, token=self.token, overwrite=self.overwrite, progress=self.bar, **options
                    )
                assert self.action is not None
                result = client.download_all(
                    self.action, self.given, self.place, at_once=self.at_once, overwrite=self.overwrite,
                    limit=how.limit, account=how.account, progress=self.bar, **options,
                )  # fmt: skip
        except KeyboardInterrupt as interrupt:
            for note in getattr(interrupt, "__notes__", ()):
                failure.say(note)
            raise
        self._tell(result.data)
        return result

    def _tell(self, data: dict[str, Any]) -> None:
        """Say on stderr which files did not come, and how many did."""
        for row in data["files"]:
            if "error" in row:
                self.failures.append(row["path"])
                failure.say(f"{row['path']}: {row['error']['message']} {row['error']['hint']}".rstrip())

    def request(self, connector: Connector, base_url: str | None, how: Choices) -> Request:
        """Return the request that it would send first. Raises InputError."""
        if self.url is None:
            return Task.request(self, connector, base_url, how)
        from connector.core.request import download_request as fetch

        return fetch.request(connector, self.url, base_url or connector.manifest.base_url)

    def check(self, connector: Connector, how: Choices) -> None:
        """Raise InputError with every problem of what is given."""
        if self.url is None:
            Task.check(self, connector, how)
        else:
            self.request(connector, None, how)


@click.command("download", cls=Command, help=_HELP)
@click.argument("what", metavar="URL|ACTION")
@click.option("-o", "place", metavar="FILE|FOLDER/", default=".",
              help="Where to; in a folder a file gets its own name (default: this folder).")  # fmt: skip
@click.option("-i", "--input", "items", multiple=True, metavar="KEY=VALUE", help="An input of ACTION; repeat for more.")
@click.option("--overwrite", is_flag=True, help="Replace a file of that name once the new one is whole.")
@click.option("--at-once", type=click.IntRange(1, 32), default=_AT_ONCE, show_default=True,
              help="How many files of ACTION come at the same time.")  # fmt: skip
@click.option("--token", "token", metavar="@FILE|env:NAME|?",
              help="A token for this URL in place of the connection's, such as an event's download token.")  # fmt: skip
@run_options
@shared
@click.pass_context
def download_command(context: click.Context, /, what: str, items: tuple[str, ...], **found: Any) -> int:
    """Download."""
    from connector.cli.calls.call import Tasks
    from connector.cli.calls.runner import play

    own = {name: found.pop(name) for name in ("place", "overwrite", "at_once", "token")}
    options = Options.of(context, found)
    known = options.settings(context)
    connector = connector_of(known)
    own["bar"] = Bar(wanted=not options.quiet and not options.debug)
    if own["place"] == "-":
        hint = "Name a file or a folder; a file of that name is ./-"
        raise UsageError("-o - names no place: what is cut goes on in a file, so a download has one.", hint=hint)
    if "://" in what:
        if items:
            raise UsageError("-i is for an action's inputs, and this is a URL.", hint="Leave -i out.")
        if options.limit is not None:
            raise UsageError("--limit is for the files of an action, and this is a URL.", hint="Leave --limit out.")
        task = Fetch(None, {}, url=what, **{**own, "token": _token(own["token"])})
    else:
        if own["token"] is not None:
            raise UsageError("--token is for a URL.", hint="The action says which token downloads its files.")
        if "/" in what:
            said = f"{what.partition('?')[0]:.60} is no URL: one begins with https://"
            raise UsageError(said, hint="Take it as the service gave it.")
        action = connector.action(what)
        task = Fetch(action.action, given.read(connector, action, items, {}), **own)
    code = play(connector, known, options, Tasks([task]))
    return failure.REFUSED if code == failure.DONE and task.failures else code


def _token(text: str | None) -> str | None:
    """Return a token from a file, the environment or a person. Raises InputError for a literal."""
    if text is None:
        return None
    try:
        return given.secret_value("the token", "=", text)
    except Bad as bad:
        named = text.startswith(("@", "env:"))
        fix = bad.fix if named else "write --token @FILE, --token env:NAME, or --token ? to be asked"
        raise InputError.of("download", [Problem("--token", HIDDEN, bad.expected, fix)]) from None
