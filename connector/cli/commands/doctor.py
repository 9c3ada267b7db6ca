"""`connector doctor`: look at the installation, the places and the way to the service, and say what to do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.connection_context import ConnectionContext, store_options
from connector.cli.context.context import output_option, reject_store_with_sandbox
from connector.cli.context.locations import find_data_folder
from connector.cli.doctor.diagnosis import FAIL, OK, WARN, Diagnosis, run_checks
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_REFUSED
from connector.cli.output.stdio import keeping_code
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HELP = """Look at what calls and receivers need: the installation, the connector's folder, the store and its key, the
inbox, jobs, the network, the clock, and a connection. Each line is ok, warn or fail, with what to do.

It changes nothing. Without a network the rest is checked all the same. The exit code is 1 if something failed.
"""


@click.command("doctor", cls=StrictCommand, help=_HELP)
@click.option("--connection", metavar="NAME", help="Test this connection (default: the one that calls would use).")
@click.option("--port", type=click.IntRange(1, 65535), help="Look whether a receiver could start on this port, too.")
@click.option("--offline", is_flag=True, help="Send nothing.")
@store_options
@output_option
@global_options
@click.pass_context
def doctor_command(ctx: click.Context, /, output_format: str, *, connection: str | None, **flags: Any) -> int:
    """Look at everything."""
    reject_store_with_sandbox(flags["store"], sandbox=flags["sandbox"])
    checks: list[Diagnosis] = []
    with keeping_code(lambda: _find_code(checks)):
        _print_checks(_find_checks(ctx, connection, flags), checks, output_format)
    return _find_code(checks)


def _find_code(checks: list[Diagnosis]) -> int:
    return EXIT_REFUSED if any(check.status == FAIL for check in checks) else EXIT_DONE


def _print_checks(found: Iterable[Diagnosis], checks: list[Diagnosis], output_format: str) -> None:
    """Print what is found, and add it to the checks."""
    for check in found:
        if check.status == FAIL and check.message in [told.message for told in checks]:
            continue  # one fault that several checks meet
        checks.append(check)
        if output_format == "text":
            printer.write_text(_format_check(check))
    counts = {status: sum(check.status == status for check in checks) for status in (OK, WARN, FAIL)}
    if output_format == "json":
        shown = [{**check._asdict(), "fix": check.fix or None} for check in checks]
        printer.write_json({"ok": not counts[FAIL], "counts": counts, "checks": shown})
    else:
        printer.write_text(", ".join(f"{count} {status}" for status, count in counts.items()) + ".")


def _format_check(check: Diagnosis) -> str:
    text = f"{check.status:<4}  {check.name:<10}  {check.message}{'' if check.message.endswith(('.', '?')) else '.'}"
    return text if check.status == OK or not check.fix else f"{text}\n{'':18}{check.fix}"


def _find_checks(ctx: click.Context, connection: str | None, flags: dict[str, Any]) -> Iterator[Diagnosis]:
    from connector.cli.doctor import files, machine, places, service, tables

    yield from run_checks("python", machine.check_installation)
    opened: list[ConnectionContext] = []
    yield from run_checks("connector", partial(_check_folder, ctx, flags, opened))
    if not opened:
        yield from run_checks("disk", partial(files.check_disks, None))
    for context in opened:
        yield from _check_machine(context, flags)
        yield from run_checks("tables", partial(tables.check_tables, context))
        yield from run_checks("store", partial(places.check_store, context))
        yield from run_checks("key", partial(places.check_key, context))
        yield from run_checks("inbox", partial(places.check_inbox, context))
        yield from run_checks("runs", partial(places.check_runs, context))
        yield from run_checks("records", partial(places.check_records, context))
        if flags["offline"] and not context.sandbox:
            yield Diagnosis("network", OK, "Not looked at: --offline")
            continue
        if context.sandbox:
            yield Diagnosis("network", OK, "Not needed: the sandbox is in this process")
        else:
            yield from run_checks("network", partial(service.check_network, context))
        yield from run_checks("connection", partial(service.check_connection, context, connection))


def _check_machine(context: ConnectionContext, flags: dict[str, Any]) -> Iterator[Diagnosis]:
    """Yield what this machine has for the places of the settings, for jobs, and for a receiver."""
    from connector.cli.doctor import files, receiver

    yield from run_checks("disk", partial(files.check_disks, context))
    if not context.sandbox:
        yield from run_checks("rights", partial(files.check_rights, context))
        yield from run_checks("jobs", partial(receiver.check_jobs, find_data_folder() / "jobs"))
        is_needed = flags["port"] is not None
        yield from run_checks("secret", partial(receiver.check_secret, context, is_needed=is_needed))
    if flags["port"] is not None:
        yield from run_checks("port", partial(receiver.check_port, flags["port"]))


def _check_folder(ctx: click.Context, flags: dict[str, Any], opened: list[ConnectionContext]) -> Iterator[Diagnosis]:
    """Open the connector, and read every file of it."""
    context = ConnectionContext.from_click(ctx, sandbox=flags["sandbox"], store=flags["store"])
    opened.append(context)
    broken = []
    for name in context.connector.action_files:
        try:
            context.connector.action(name)
        except ConnectorError as error:
            broken.append(str(error.args[0]))
    count = format_count(len(context.connector.action_files), "action")
    if broken:
        message = f"{context.connector.folder}: {len(broken)} of {count} cannot be read. {broken[0]}"
        yield Diagnosis("connector", FAIL, message, f"Run: connector lint {context.connector.folder}")
    else:
        yield Diagnosis(
            "connector",
            OK,
            f"{context.connector.name} in {context.connector.folder}: {count} can be read",
        )
