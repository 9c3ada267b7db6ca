"""`connector webhook events` and `connector webhook replay`: what came, and delivering it again."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from connector.cli.commands.webhook.context import Desk, inbox_options
from connector.cli.groups import Command, shared
from connector.cli.output import errors as failure
from connector.cli.output import printer as output
from connector.cli.output.times import moment, told
from connector.core import redaction as redact
from connector.errors import InputError, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement

    from connector.runtime.webhooks.inbox import Inbox, Kept

_STATES = ("new", "done", "dead")


def _choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose events."""
    for option in (
        click.option("--since", metavar="TIME", help="That came since: ISO 8601, or how long ago, such as 1h."),
        click.option("--name", metavar="PATTERN", help="With such a name, such as 'meeting.*'."),
        click.option("--state", type=click.Choice(_STATES), help="new: waiting. done: delivered. dead: given up."),
    ):
        command = option(command)
    return command


@click.command("events", cls=Command, help="Print the events that came, the newest last; or all of one.")
@_choosing
@click.option("--show", type=int, metavar="ID", help="Print everything of one event.")
@click.option("--reveal", is_flag=True, help="Show secrets of that event too.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, metavar="N", help="At most N (default: 100).")
@click.option(
    "--output",
    "shape",
    type=click.Choice(["table", "json", "lines"]),
    default="table",
    help="table (default), json, or lines: one event a line.",
)
@inbox_options
@shared
@click.pass_context
def events_command(context: click.Context, /, shape: str, *, show: int | None, **how: Any) -> None:
    """List events."""
    desk = Desk(context, trigger=how["trigger"], sandbox=how["sandbox"], inbox=how["inbox"])
    inbox = desk.inbox()
    if show is not None:
        output.write_json(_whole(desk, _one(desk, inbox, show), reveal=how["reveal"]))
        return
    rows = [_row(one) for one in inbox.find(_wanted(desk, how), how["limit"], newest=True)]
    if shape == "json":
        output.write_json(rows)
    elif shape == "lines":
        for row in rows:
            output.write_line(row)
    elif rows:
        from connector.cli.output import table

        table.show(rows)
    if not desk.quiet and not (rows and shape != "table"):
        counts = inbox.counts()
        said = ", ".join(f"{counts.get(state, 0)} {state}" for state in _STATES)
        failure.say(f"{redact.plain().url(desk.inbox_url)}: {said}.")


@click.command("replay", cls=Command, help="Deliver events again: those with an ID, or those that the options choose.")
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
@_choosing
@inbox_options
@shared
@click.pass_context
def replay_command(context: click.Context, /, ids: tuple[int, ...], **how: Any) -> None:
    """Deliver again."""
    desk = Desk(context, trigger=how["trigger"], sandbox=how["sandbox"], inbox=how["inbox"])
    if not ids and not any(how[name] for name in ("state", "name", "since")):
        hint = "Give an ID, or --state, --name, --since; 'connector webhook events' lists what came."
        raise UsageError("Nothing says which events.", hint=hint)
    inbox, wanted = desk.inbox(), _wanted(desk, how)
    if ids:
        for one in ids:
            _one(desk, inbox, one)
        wanted &= _columns().id.in_(ids)
    count = inbox.replay(wanted)
    output.write_text("1 event is delivered again." if count == 1 else f"{count} events are delivered again.")
    if count and not desk.quiet:
        failure.say("A receiver that runs does it; 'connector webhook serve' is one.")


def _columns() -> Any:
    from connector.runtime.webhooks.inbox import TABLE

    return TABLE.c


def _wanted(desk: Desk, how: dict[str, Any]) -> ColumnElement[bool]:
    """Return the condition that the options say. Raises InputError."""
    column = _columns()
    wanted: ColumnElement[bool] = column.source == desk.source
    if how["state"]:
        wanted &= column.state == how["state"]
    if how["name"]:
        wanted &= column.name.like(_like(how["name"]), escape="\\")
    if how["since"]:
        wanted &= column.came >= moment(how["since"], time.time(), "--since")
    return wanted


def _like(pattern: str) -> str:
    """Return a pattern with * and ? as a database has it."""
    for plain, escaped in (("\\", "\\\\"), ("%", "\\%"), ("_", "\\_"), ("*", "%"), ("?", "_")):
        pattern = pattern.replace(plain, escaped)
    return pattern


def _one(desk: Desk, inbox: Inbox, number: int) -> Kept:
    """Return an event. Raises InputError when there is none of that ID."""
    column = _columns()
    found: Sequence[Kept] = inbox.find((column.source == desk.source) & (column.id == number), 1)
    if not found:
        fix = "'connector webhook events' lists them"
        raise InputError.of("webhook", [Problem("ID", str(number), "the ID of an event that is kept", fix)])
    return found[0]


def _row(one: Kept) -> dict[str, Any]:
    return {
        "id": one.id,
        "event": one.name,
        "state": one.state,
        "came": told(one.came),
        "attempts": one.attempts,
        "next": told(one.due) if one.state == "new" else None,
        "error": one.error or None,
    }


def _whole(desk: Desk, one: Kept, *, reveal: bool) -> dict[str, Any]:
    from connector.runtime.webhooks.forwarders import shown

    data = json.loads(one.body)
    return {
        **_row(one),
        "key": one.key,
        "subject": one.subject,
        "data": data if reveal else shown(data, redact.of(desk.connector)),
    }
