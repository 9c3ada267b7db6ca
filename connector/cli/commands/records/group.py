"""`connector records`: the local copy of what the service keeps."""

from __future__ import annotations

import click

from connector.cli.groups import LazyGroup, global_options

_HELP = """Keep a copy of what the service has, and look into it.

The copy is a database of this user (CONNECTOR_RECORDS: sqlite:///PATH or postgresql://...), without secrets.
"""
_SUBCOMMANDS = {
    "sync": ("commands.records.sync", "Read whole lists into the copy, once or again and again."),
    "list": ("commands.records.view", "List the records of a resource, or count those of each."),
    "show": ("commands.records.view", "Print a record."),
    "query": ("commands.records.query", "Run an SQL query over the copy, which may only read."),
    "export": ("commands.records.query", "Write the records of a resource as CSV or Parquet."),
    "changes": ("commands.records.view", "Print what was added, changed or is gone, in order."),
}


class _RecordsGroup(LazyGroup):
    """The group of records commands."""

    subcommands = _SUBCOMMANDS
    default = "list"


@click.group("records", cls=_RecordsGroup, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@global_options
def records_command() -> None:
    """Keep and read records."""
