"""`connector records list`, `show` and `changes`: look into the copy."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.context import CommandContext, open_records
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import printer
from connector.cli.output.rows import print_rows, rows_option
from connector.cli.output.times import format_time
from connector.core.json_path import get_at_path
from connector.core.records.kinds import RecordKinds
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.records.changes import RecordChange
    from connector.core.records.record import Record
    from connector.runtime.records.records import Records

_FOLLOW_SECONDS = 1.0  # between two looks
_account_option = click.option(
    "--account", metavar="NAME", help="Of this account: a connection's name, or its account."
)
_sandbox_option = click.option("--sandbox", is_flag=True, help="The copy of the sandbox.")


@click.command("list", cls=StrictCommand)
@click.argument("resource", metavar="[RESOURCE]", required=False)
@click.option("--parent", metavar="ID", help="Only those that belong to this record.")
@click.option("--gone", is_flag=True, help="Also those that are no longer there.")
@click.option("--limit", type=click.IntRange(min=1), default=100, metavar="N", help="At most N (default: 100).")
@_account_option
@rows_option("record")
@_sandbox_option
@global_options
@click.pass_context
def list_command(ctx: click.Context, /, resource: str | None, output_format: str, **flags: Any) -> None:
    """List the records of a resource; without one, count those of each."""
    context = CommandContext.from_click(ctx, sandbox=flags["sandbox"])
    kinds = context.connector.derive(RecordKinds)
    names = kinds.check_names((resource,) if resource else ())
    with _open(context) as records:
        if not names:
            _print_counts(context, records.count(context.connector.name), output_format)
            return
        found = records.find(
            context.connector.name, names[0], account=flags["account"], parent=flags["parent"], gone=flags["gone"],
            limit=flags["limit"],
        )  # fmt: skip
    listing = kinds.find_listing(names[0])
    columns = context.connector.action(listing).returns.columns if listing else ()
    rows = [_build_row(one, columns) for one in found]
    print_rows([one.to_dict() for one in found], output_format, rows, header=[*dict.fromkeys(("id", *columns))])
    if not found and output_format == "table":
        sync = context.format_command("records", "sync", names[0])
        context.note(f"The copy has no such {names[0]}. '{sync}' reads them.")


@click.command("show", cls=StrictCommand)
@click.argument("resource", metavar="RESOURCE")
@click.argument("record_id", metavar="ID")
@_account_option
@click.option("--output", "output_format", type=click.Choice(["text", "json"]), default="text", help="text or json.")
@_sandbox_option
@global_options
@click.pass_context
def show_command(ctx: click.Context, /, resource: str, record_id: str, output_format: str, **flags: Any) -> None:
    """Print a record, with when and how it was last seen."""
    context = CommandContext.from_click(ctx, sandbox=flags["sandbox"])
    context.connector.derive(RecordKinds).check_names((resource,))
    with _open(context) as records:
        record = records.get(context.connector.name, flags["account"], resource, record_id)
    if record is None:
        listing = context.format_command("records", "list", resource)
        fix = f"'{listing}' lists them; name an --account where several have it"
        problem = Problem("ID", record_id, f"the id of one of the {resource} in the copy", fix)
        raise InputError.from_problems("records", [problem], undone="done")
    if output_format == "json":
        printer.write_json(record.to_dict())
        return
    gone = f"; gone since {format_time(record.gone_at)}" if record.gone_at is not None else ""
    printer.write_text(f"{resource} {record.id}, seen {format_time(record.seen_at)} in a {record.source}{gone}")
    printer.write_json(record.data)


@click.command("changes", cls=StrictCommand)
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="SEQ", help="Only those after this number.")
@click.option("-f", "--follow", is_flag=True, help="Go on with each change as it comes, until Ctrl-C.")
@click.option("--output", "output_format", type=click.Choice(["text", "lines"]), default="text",
              help="text (default), or lines: each with the record as JSON.")  # fmt: skip
@_sandbox_option
@global_options
@click.pass_context
def changes_command(ctx: click.Context, /, after: int, output_format: str, *, follow: bool, sandbox: bool) -> None:
    """Print what was added, changed or is gone, in the order in which the copy learned of it."""
    context = CommandContext.from_click(ctx, sandbox=sandbox)
    with _open(context) as records:
        if 0 < after < (purged := records.find_purged_seq()):
            context.note(f"Changes up to number {purged} are no longer kept (records_keep).")
        while True:
            changes = records.read_changes(context.connector.name, after)
            for change in changes:
                _print_change(change, output_format)
                after = change.seq
            if changes:
                printer.flush()
            elif not follow:
                return
            else:
                time.sleep(_FOLLOW_SECONDS)


def _open(context: CommandContext) -> Records:
    return open_records(context.connector, context.settings, sandbox=context.sandbox)


def _print_counts(context: CommandContext, counts: dict[str, int], output_format: str) -> None:
    rows = [{"resource": name, "records": count} for name, count in sorted(counts.items())]
    print_rows(rows, output_format, header=("resource", "records"), document=counts)
    if not counts and output_format == "table":
        sync = context.format_command("records", "sync")
        context.note(f"The copy is empty. '{sync}' reads what the service has.")


def _build_row(record: Record, columns: Sequence[str]) -> dict[str, Any]:
    """Return the plain values of a record, first what a person wants of it."""
    named = {path: get_at_path(record.data, path) for path in columns}
    scalars = {name: value for name, value in record.data.items() if not isinstance(value, dict | list)}
    gone = {"gone": format_time(record.gone_at)} if record.gone_at is not None else {}
    return {"id": record.id, **gone, **{name: value for name, value in {**named, **scalars}.items() if name != "id"}}


def _print_change(change: RecordChange, output_format: str) -> None:
    if output_format == "lines":
        facts = {name: getattr(change, name) for name in ("seq", "change", "account", "resource", "id", "at")}
        printer.write_line({**facts, "data": json.loads(change.data)})
    else:
        printer.write_text(f"{change.seq}  {format_time(change.at)}  {change.change}  {change.resource} {change.id}")
