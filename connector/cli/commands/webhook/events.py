"""`connector webhook events` and `connector webhook replay`: list events, and deliver them again."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from connector.cli.commands.webhook.context import WebhookContext, inbox_options
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.cli.output.rows import print_rows, rows_option
from connector.cli.output.stdio import print_stderr
from connector.cli.output.times import format_time, parse_time
from connector.core import redaction
from connector.errors import InputError, Problem, UsageError, WebhookError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement

    from connector.core.webhook.verifier import WebhookVerifier
    from connector.definition.loader import Connector
    from connector.runtime.webhooks.inbox import Inbox, StoredEvent

_EVENT_STATES = ("pending", "delivered", "dead")
_COLUMNS = ("id", "event", "state", "came", "attempts", "next", "error")


def _filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that select events."""
    for option in (
        click.option(
            "--since", metavar="TIME", help="Received since this time: ISO 8601, or a duration ago such as 1h."
        ),
        click.option("--name", metavar="PATTERN", help="With this name, such as 'meeting.*'."),
        click.option(
            "--status", type=click.Choice(_EVENT_STATES), help="pending, delivered, or dead: no further attempt."
        ),
    ):
        command = option(command)
    return command


@click.command("events", cls=StrictCommand, help="List the received events, the newest last; or show one.")
@_filter_options
@click.option("--show", type=int, metavar="ID", help="Print everything of one event.")
@click.option("--reveal", is_flag=True, help="Show the secrets of that event too.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, metavar="N", help="At most N (default: 100).")
@rows_option("event")
@inbox_options
@global_options
@click.pass_context
def events_command(ctx: click.Context, /, output_format: str, *, show: int | None, **flags: Any) -> None:
    """List events."""
    context = _open_context(ctx, flags)
    inbox = context.open_inbox()
    if show is not None:
        printer.write_json(_build_details(context, _find_event(context, inbox, show), reveal=flags["reveal"]))
        return
    rows = [_build_row(event) for event in inbox.find(_build_filter(context, flags), flags["limit"], newest=True)]
    print_rows(rows, output_format, header=_COLUMNS)
    if not context.quiet and not (rows and output_format != "table"):
        counts = inbox.counts()
        summary = ", ".join(f"{counts.get(state, 0)} {state}" for state in _EVENT_STATES)
        print_stderr(f"{redaction.default_redactor().redact_url(context.inbox_url)}: {summary}.")


@click.command("replay", cls=StrictCommand, help="Deliver events again: by ID, or selected by options.")
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
@_filter_options
@inbox_options
@global_options
@click.pass_context
def replay_command(ctx: click.Context, /, ids: tuple[int, ...], **flags: Any) -> None:
    """Deliver again."""
    context = _open_context(ctx, flags)
    if not ids and not any(flags[name] for name in ("status", "name", "since")):
        hint = f"Give an ID, or --status, --name or --since; '{context.events_command}' lists the events."
        raise UsageError("No events are selected.", hint=hint)
    inbox, event_filter = context.open_inbox(), _build_filter(context, flags)
    if ids:
        for event_id in ids:
            _find_event(context, inbox, event_id)
        event_filter &= _load_columns().id.in_(ids)
    count = inbox.replay(event_filter)
    printer.write_text(f"{format_count(count, 'event')} will be delivered again.")
    if count and not context.quiet:
        command = context.format_command("webhook", "serve")
        print_stderr(f"Start a receiver ({command}) to deliver them.")


def _load_columns() -> Any:
    from connector.runtime.webhooks.inbox import TABLE

    return TABLE.c


def _build_filter(context: WebhookContext, flags: dict[str, Any]) -> ColumnElement[bool]:
    """Return the condition of the options. Raises InputError."""
    columns = _load_columns()
    event_filter: ColumnElement[bool] = columns.source == context.event_source
    if flags["status"]:
        event_filter &= columns.state == flags["status"]
    if flags["name"]:
        event_filter &= columns.name.like(_to_like_pattern(flags["name"]), escape="\\")
    if flags["since"]:
        event_filter &= columns.received_at >= parse_time(flags["since"], time.time(), "--since")
    return event_filter


def _to_like_pattern(pattern: str) -> str:
    """Convert a pattern with * and ? to SQL LIKE."""
    for character, escaped in (("\\", "\\\\"), ("%", "\\%"), ("_", "\\_"), ("*", "%"), ("?", "_")):
        pattern = pattern.replace(character, escaped)
    return pattern


def _find_event(context: WebhookContext, inbox: Inbox, event_id: int) -> StoredEvent:
    """Return an event. Raises InputError for an unknown ID."""
    columns = _load_columns()
    events: Sequence[StoredEvent] = inbox.find((columns.source == context.event_source) & (columns.id == event_id), 1)
    if not events:
        fix = f"'{context.events_command}' lists them"
        problem = Problem("ID", str(event_id), "the ID of an event in the inbox", fix)
        raise InputError.from_problems("webhook", [problem], undone="done")
    return events[0]


def _build_row(event: StoredEvent) -> dict[str, Any]:
    came, due = format_time(event.received_at), format_time(event.due_at) if event.state == "pending" else None
    values = (event.id, event.name or None, event.state, came, event.attempts, due, event.error or None)
    return dict(zip(_COLUMNS, values, strict=True))


def _build_details(context: WebhookContext, event: StoredEvent, *, reveal: bool) -> dict[str, Any]:
    from connector.runtime.webhooks.forwarders import redacted_payload

    headers = json.loads(event.headers)
    redactor = redaction.redactor_for(context.connector)
    try:
        data: Any = context.verifier.body_format.parse_event(event.body)
    except WebhookError:  # so no secrets can be found in it
        data = event.body.decode("utf-8", "replace") if reveal else f"{len(event.body)} bytes; --reveal shows them"
    return {
        **_build_row(event),
        "key": event.key,
        "subject": event.subject,
        "headers": headers if reveal else dict(redactor.redact_headers(headers.items())),
        "data": data if reveal else redacted_payload(data, redactor),
    }


def _open_context(ctx: click.Context, flags: dict[str, Any]) -> WebhookContext:
    """Return the context of a trigger, also of one that is polled."""
    return WebhookContext(
        ctx, trigger=flags["trigger"], sandbox=flags["sandbox"], inbox=flags["inbox"], find_verifier=_find_verifier
    )


def _find_verifier(connector: Connector, trigger: str | None) -> WebhookVerifier:
    from connector.runtime.sync.watcher import CHANGES_TRIGGER, find_watch
    from connector.runtime.webhooks.verify import verifier_for

    is_of_copy = trigger == CHANGES_TRIGGER and trigger not in connector.manifest.triggers
    has_webhook = bool(connector.manifest.webhooks)
    if is_of_copy or (trigger is None and not has_webhook):
        return find_watch(connector, trigger)
    return verifier_for(connector, trigger, may_be_polled=True)
