"""`connector records sync`: read whole lists into the copy."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from connector.cli.calls.session import Session
from connector.cli.context.context import open_connector, open_records, output_option, store_option
from connector.cli.context.key_values import input_option, read_key_values
from connector.cli.context.overlap import no_overlap_option
from connector.cli.context.run_options import RunOptions
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_REFUSED
from connector.cli.output.stdio import keeping_code
from connector.cli.output.times import format_time
from connector.core.records.kinds import RecordKinds
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from connector.runtime.sync.sync import Sync, SyncReport

_HELP = """Read the lists of resources into the copy: of all, or of those that are named, parents first.

What a list no longer has is marked as gone once the list was read to its end. A list that was read before, and that the
service can say the news of, is asked for what is new alone; --full reads all of it, and so finds what is gone.
A sync that is stopped leaves what it has read; the next one reads those lists again, and keeps nothing twice.
"""


@click.command("sync", cls=StrictCommand, help=_HELP)
@click.argument("resources", metavar="[RESOURCE]...", nargs=-1)
@input_option("An input of the lists that have it")
@click.option("--full", is_flag=True, help="Read whole lists, also where only what is new could be asked for.")
@click.option("--every", metavar="TIME", help="Read them again after this time, such as 10m, until Ctrl-C.")
@click.option("--dry-run", is_flag=True, help="Print the requests of the lists, and send nothing.")
@click.option("--connection", metavar="NAME", help="The connection to use.")
@store_option
@click.option("--sandbox", is_flag=True, help="Read the sandbox, into a copy of its own.")
@click.option("--page-size", type=click.IntRange(min=1), metavar="N", help="Ask for N items a page.")
@click.option("--base-url", metavar="URL", help="The base URL to send to: https, or http on loopback.")
@no_overlap_option
@output_option
@global_options
@click.pass_context
def sync_command(
    ctx: click.Context, /, resources: tuple[str, ...], items: tuple[str, ...], every: str | None, **flags: Any
) -> int:
    """Sync."""
    from connector.runtime.calls.call_options import parse_timeout
    from connector.runtime.records.accounts import name_account
    from connector.runtime.sync.sync import Sync

    output_format, is_full = flags.pop("output_format"), flags.pop("full")
    options = RunOptions.from_flags(ctx, flags)
    settings = options.load_settings(ctx)
    connector = open_connector(settings)
    interval = None if every is None else parse_timeout(every, "--every")
    names = resources or connector.derive(RecordKinds).list_readable()
    with (
        open_records(connector, settings, sandbox=options.sandbox) as records,
        Session(connector, settings, options, records=records) as session,
    ):
        sync = Sync(connector, records, names, options.page_size, given=read_key_values(items), is_full=is_full)
        if not resources and (
            left_out := ", ".join(name for name in connector.manifest.resources if name not in names)
        ):
            session.note(f"Not read, as no action lists them: {left_out}.")
        client = session.get_client(None)
        account = name_account(connector, client.connection, records.account)
        if options.dry_run:
            _print_requests(sync, client, account)
            return EXIT_DONE
        if interval is None:
            return _run_once(sync, client, account, session, output_format)
        while True:
            try:
                _run_once(sync, client, account, session, output_format)
            except ConnectorError as error:
                if not error.retryable:
                    raise
                session.note(f"{error} It is read again in {every}.")
            time.sleep(interval)


def _run_once(sync: Sync, client: Any, account: str, session: Session, output_format: str) -> int:
    """Sync once, print what came of it, and return the exit code."""
    reports: list[SyncReport] = sync.run(client, account, lambda _: None)
    code = EXIT_REFUSED if any(report.refused for report in reports) else EXIT_DONE
    with keeping_code(lambda: code):
        _print_reports(reports, output_format)
    for report in reports:
        if report.without_id:
            items = format_count(report.without_id, "item")
            verb = "has" if report.without_id == 1 else "have"
            session.note(f"Warning: {report.resource}: {items} {verb} no id and cannot be kept.")
        for parent, reason in report.refused.items():
            session.note(f"{report.resource} of {parent}: {reason}")
    return code


def _print_reports(reports: list[SyncReport], output_format: str) -> None:
    if output_format == "json":
        printer.write_json([report.to_dict() for report in reports])
        return
    for report in reports:
        news = f", {report.since} of them asked for what is new" if report.since else ""
        records, lists = format_count(report.records, "record"), format_count(report.lists, "list")
        printer.write_text(f"{report.resource}: {records} in {lists}{news}")


def _print_requests(sync: Sync, client: Any, account: str) -> None:
    for read, request in sync.list_requests(client, account):
        last = "never read whole" if read.read_at is None else f"read {format_time(read.read_at)}"
        printer.write_text(f"{read.resource}: {request.method} {request.request_target} ({last})")
