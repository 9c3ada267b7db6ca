"""`connector records query` and `export`: the copy as rows."""

from __future__ import annotations

import base64
import itertools
import math
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.commands.records.parquet import write_parquet
from connector.cli.context.context import CommandContext, open_records
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output.counts import format_count
from connector.cli.output.csv_output import write_csv
from connector.cli.output.rows import print_rows, rows_option
from connector.core.records.kinds import RecordKinds, name_view
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_QUERY_HELP = """Run an SQL query over the copy, which may only read.

Each resource is a view, named by the connector and the resource, with the columns id, account, parent, source, seen_at,
gone_at, data (JSON) and the plain fields of its objects. Records that are gone have a gone_at.
Bytes are printed as base64, and of two columns of one name, the second as NAME_2.
"""


@click.command("query", cls=StrictCommand, help=_QUERY_HELP)
@click.argument("statement", metavar="SQL")
@rows_option("row")
@click.option("--sandbox", is_flag=True, help="The copy of the sandbox.")
@global_options
@click.pass_context
def query_command(ctx: click.Context, /, statement: str, output_format: str, *, sandbox: bool) -> None:
    """Query."""
    context = CommandContext.from_click(ctx, sandbox=sandbox)
    views = [name_view(context.connector, resource) for resource in context.connector.manifest.resources]
    with open_records(context.connector, context.settings, sandbox=sandbox) as records:
        records.create_views(context.connector)
        columns, rows = records.query(statement, views)
    columns, rows = _name_apart(columns), [tuple(map(_to_plain, row)) for row in rows]
    if output_format == "csv":
        write_csv(columns, rows)  # a header without rows too
    else:
        print_rows([dict(zip(columns, row, strict=True)) for row in rows], output_format, header=columns)


def _name_apart(columns: Sequence[str]) -> list[str]:
    """Return the names of columns, each once: a second `a` is `a_2`, or the next that no column has."""
    names: list[str] = []
    for column in columns:
        others = {*columns, *names}
        numbered = (f"{column}_{number}" for number in itertools.count(2))
        names.append(column if column not in names else next(name for name in numbered if name not in others))
    return names


def _to_plain(value: Any) -> Any:
    """Return a value as JSON has it: bytes as base64, and a number that is none as text."""
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


@click.command("export", cls=StrictCommand)
@click.argument("file_format", metavar="csv|parquet", type=click.Choice(["csv", "parquet"]))
@click.argument("resource", metavar="RESOURCE")
@click.option(
    "-o", "target", metavar="FILE", type=click.Path(path_type=Path), help="The file to write (default: stdout)."
)
@click.option("--gone", is_flag=True, help="Also those that are no longer there.")
@click.option("--sandbox", is_flag=True, help="The copy of the sandbox.")
@global_options
@click.pass_context
def export_command(
    ctx: click.Context, /, file_format: str, resource: str, target: Path | None, *, gone: bool, sandbox: bool
) -> None:
    """Write the records of a resource as CSV or Parquet, with a column for each plain field of its objects."""
    from connector.runtime.records.views import list_fields

    context = CommandContext.from_click(ctx, sandbox=sandbox)
    context.connector.derive(RecordKinds).check_names((resource,))
    if file_format == "parquet" and target is None:
        raise UsageError("Parquet is no text to print.", hint=f"Name a file: -o {resource}.parquet")
    with open_records(context.connector, context.settings, sandbox=sandbox) as records:
        records.create_views(context.connector)
        columns, rows = records.read_view(name_view(context.connector, resource), gone=gone)
    try:
        if file_format == "parquet" and target is not None:
            fields = list_fields(context.connector, context.connector.manifest.resources[resource])
            for name, count in write_parquet(target, columns, rows, fields).items():
                values = f"{format_count(count, 'value')} of {name} did not fit its type, {fields[name]}"
                context.note(f"Warning: {values}: the column data has what was left out.")
        else:
            with nullcontext() if target is None else target.open("w", newline="", encoding="utf-8") as file:
                write_csv(columns, rows, file)
    except OSError as error:
        if target is None:
            raise
        raise UsageError(f"{target} cannot be written: {error.strerror}.", hint="Name another file with -o.") from None
    if target is not None:
        context.note(f"{target} has {format_count(len(rows), 'record')} of {resource}, as {file_format}.")
