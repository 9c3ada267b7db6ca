"""The inbox: events as they come, one of them, why a delivery is refused, and test events."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.cli.output.error_output import to_connector_error
from connector.cli.webhooks.delivery_check import check_delivery
from connector.console.news import stream_news
from connector.console.rendering import format_json
from connector.console.route import PageRoute
from connector.console.visit import Redirect, View
from connector.core import redaction
from connector.core.webhook.delivery import Delivery
from connector.core.webhook.event import Challenge
from connector.errors import ConnectorError, InputError, Problem, UsageError, WebhookError
from connector.runtime.webhooks.forwarders import redacted_payload

if TYPE_CHECKING:
    from connector.console.desk import Desk
    from connector.console.visit import EventStream, Visit
    from connector.runtime.webhooks.inbox import StoredEvent

_STATES = ("pending", "delivered", "dead")
_MAX_SHOWN = 100
_OK = range(200, 300)


def show_events(desk: Desk, visit: Visit) -> View:
    """List the newest events, and offer to send a test event."""
    filters = {name: visit.asked(name) for name in ("state", "name")}
    events = desk.events
    found = events.inbox.find(
        events.select(**{name: value for name, value in filters.items() if value}), _MAX_SHOWN, newest=True
    )
    data = {
        "filters": filters,
        "states": _STATES,
        "events": found[::-1],
        "triggers": events.sources,
        "webhooks": events.webhooks,
        "names": list(desk.connector.events),
        "inbox": events.display_url,
        "seen": events.read_state(),
        "command": _format_receiver(desk),
    }
    return View("events/list", "Events", data)


def stream_events(desk: Desk, visit: Visit) -> EventStream:
    """Tell when an event comes, or is delivered."""
    return stream_news(desk, visit, partial(_read_state, desk))


def _read_state(desk: Desk) -> str:
    return desk.events.read_state()  # of the desk as it is then


def show_event(desk: Desk, visit: Visit) -> View:
    """Show everything about an event but its secrets."""
    event = desk.events.get(visit.part("event"))
    redactor = redaction.redactor_for(desk.connector)
    data = {
        "event": event,
        "trigger": desk.events.sources[event.source],
        "headers": format_json(dict(redactor.redact_headers(json.loads(event.headers).items()))),
        "body": format_json(redacted_payload(_read_body(desk, event), redactor)),
        "command": _format_receiver(desk),
    }
    return View("events/event", event.name or "Unreadable event", data)


def _read_body(desk: Desk, event: StoredEvent) -> Any:
    try:
        return desk.events.describe(desk.events.sources[event.source]).verifier.body_format.parse_event(event.body)
    except WebhookError:  # so no secrets can be found in it
        return f"{len(event.body)} bytes that cannot be read"


def deliver_again(desk: Desk, visit: Visit) -> Redirect:
    """Make an event pending again, so that a receiver delivers it."""
    event = desk.events.get(visit.part("event"))
    desk.events.inbox.replay(desk.events.select(id=event.id))
    return Redirect(
        f"/events/{event.id}", f"It is delivered again as soon as a receiver runs: {_format_receiver(desk)}"
    )


def send_event(desk: Desk, visit: Visit) -> Redirect:
    """Send a signed test event."""
    name, url = visit.sent("name").strip(), visit.sent("url").strip()
    reply = desk.events.send_test(_choose_webhook(desk, visit), name, url)
    told = f"{name} was sent, and answered with {reply.status}."
    return Redirect("/events", told, "done" if reply.status in _OK else "failed")


def show_check(desk: Desk, _: Visit) -> View:
    """Offer to find out why a delivery was refused."""
    return _draw_check(desk, {})


def check(desk: Desk, visit: Visit) -> View:
    """Say what a receiver makes of a delivery, and why it refuses it."""
    context = desk.events.describe(_choose_webhook(desk, visit))
    file = visit.files.get("file")
    body = visit.sent("body").replace("\r\n", "\n").encode("utf-8", "surrogatepass")  # as browsers send lines
    delivery = Delivery(
        _read_headers(visit.sent("headers")), body if file is None else file.content, "POST", visit.sent("url").strip()
    )
    try:
        verified, _ = check_delivery(context, context.read_secrets(), delivery, time.time())
    except ConnectorError as error:
        shown = to_connector_error(error)
        return _draw_check(desk, {"error": f"{shown.args[0]} {shown.hint or ''}"}, 422)
    if isinstance(verified, Challenge):
        return _draw_check(desk, {"challenge": True})
    return _draw_check(desk, {"events": verified})


def _read_headers(text: str) -> list[tuple[str, str]]:
    """Return headers that stand one a line. Raises InputError for lines that are none, without their content."""
    lines = [line.partition(":") for line in text.splitlines() if line.strip()]
    problems = [
        Problem(f"headers, line {number}", "no name and value", "Name: value")
        for number, (name, colon, _) in enumerate(lines, 1)
        if not name.strip() or not colon
    ]
    if problems:
        raise InputError.from_problems("events", problems, undone="checked")
    return [(name.strip(), value.strip()) for name, _, value in lines]


def _draw_check(desk: Desk, found: dict[str, Any], status: int = 200) -> View:
    data = {"webhooks": desk.events.webhooks, "is_checked": bool(found), "error": "", "challenge": False, "events": []}
    return View("events/check", "Why is a delivery refused?", {**data, **found}, status)


def _choose_webhook(desk: Desk, visit: Visit) -> str:
    """Return the trigger that a form names, or the only one. Raises UsageError."""
    webhooks = desk.events.webhooks
    trigger = visit.sent("trigger") or next(iter(webhooks), "")
    if trigger not in webhooks:
        raise UsageError(f"{desk.connector.manifest.label} has no such webhook.", hint="Nothing was sent.")
    return trigger


def _format_receiver(desk: Desk) -> str:
    return desk.context.format_command("webhook", "serve")


ROUTES = (
    PageRoute("GET", "/events", show_events),
    PageRoute("GET", "/events/news", stream_events),
    PageRoute("GET", "/events/check", show_check),
    PageRoute("POST", "/events/check", check),
    PageRoute("POST", "/events/send", send_event, changes=True),
    PageRoute("GET", "/events/{event}", show_event),
    PageRoute("POST", "/events/{event}/again", deliver_again, changes=True),
)
