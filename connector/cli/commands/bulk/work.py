"""`connector bulk work`: run the rows of shared runs until told to stop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from connector.cli.bulk.job import resolve_place
from connector.cli.bulk.options import concurrency_option
from connector.cli.bulk.report import STOP_GRACE_SECONDS
from connector.cli.bulk.shared import client_opener, open_shared_journal
from connector.cli.calls.session import Session
from connector.cli.commands.bulk.options import on_option
from connector.cli.context.context import load_settings, open_connector, store_option
from connector.cli.context.overlap import no_overlap_option
from connector.cli.context.run_options import RunOptions
from connector.cli.groups import StrictCommand, get_meta, global_options
from connector.cli.output.counts import format_count
from connector.runtime.bulk.runner import DEFAULT_CONCURRENCY

if TYPE_CHECKING:
    from connector.integrations.dbos_bulk import BulkWorker

_HELP = """Run the rows of runs in a database, beside all other workers, until Ctrl-C.

It takes rows of this connector and base URL, and opens the connection that their run names from its own store, or else
that of its own environment: the database holds no credential.
"""
_POLL_SECONDS = 0.1


@click.command("work", cls=StrictCommand, help=_HELP)
@on_option
@concurrency_option
@store_option
@click.option("--sandbox", is_flag=True, help="Run the rows of runs in the sandbox.")
@click.option("--base-url", metavar="URL", help="The base URL to send to; only runs with the same one.")
@no_overlap_option
@global_options
@click.pass_context
def work_command(ctx: click.Context, /, on: str | None, concurrency: int | None, **flags: Any) -> None:
    """Work until Ctrl-C."""
    options = RunOptions.from_flags(ctx, flags)
    settings = load_settings(ctx, bulk=on, store=options.store, base_url=options.base_url)
    connector = open_connector(settings)
    journal = ctx.with_resource(open_shared_journal(settings, create=True))
    from connector.integrations.dbos_bulk import BulkWorker
    from connector.runtime.bulk.shared_tables import queue_name

    queue = queue_name(connector.name, resolve_place(connector, settings, sandbox=options.sandbox))
    with Session(connector, settings, options, has_trace=False) as session:
        opener = client_opener(session)
        with BulkWorker(journal, queue, opener, concurrency=concurrency or DEFAULT_CONCURRENCY) as worker:
            if not get_meta(ctx, "quiet"):
                session.note(f"Working on the rows in {journal.display_url}. Press Ctrl-C to stop.")
            _work(worker, session)


def _work(worker: BulkWorker, session: Session) -> None:
    """Wait until the worker ends. Raises its error, or KeyboardInterrupt."""
    try:
        while worker.error is None:
            time.sleep(_POLL_SECONDS)
        raise worker.error
    except KeyboardInterrupt:
        worker.stop()
        deadline = time.monotonic() + STOP_GRACE_SECONDS
        while not worker.is_idle and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        worker.abandon()
        raise
    finally:
        session.note(f"{format_count(worker.finished, 'row')} done here.")
