"""Meters of the rate budget: what the service allows each connection, and how much of that is used."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from connector.cli.output.times import format_duration
from connector.console.news import stream_news
from connector.console.route import PageRoute
from connector.console.visit import View
from connector.core import redaction
from connector.errors import ConnectorError
from connector.first_use import dataclass
from connector.runtime.clock import SystemClock
from connector.runtime.rate_budget.accounts import Accounts
from connector.runtime.rate_budget.budget import is_sandbox, open_budget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.console.desk import Desk
    from connector.console.visit import EventStream, Visit
    from connector.runtime.rate_budget.meters import RateMeter, RateUse

_MAX_VALUES = 20  # meters of a quota, which has one for each of its values


@dataclass(frozen=True, slots=True)
class _Meters:
    """The meters of a connection, or why there are none."""

    name: str
    meters: Sequence[RateMeter] = ()
    why: str = ""


def show_rates(desk: Desk, _: Visit) -> View:
    """Show the meters of each connection."""
    budget, connections = desk.context.budget or {}, _read_all(desk)
    store = budget.get("store")
    rates = desk.connector.manifest.rates
    data = {
        "has_rates": bool(rates.plans or rates.quotas),
        "plan": budget.get("plan"),
        "plans": list(rates.plans),
        "store": redaction.default_redactor().redact_url(store) if store else "",
        "variable": f"{desk.connector.name.upper()}_PLAN",
        "connections": connections,
        "seen": _describe_state(connections),
        "describe": describe_use,
    }
    return View("rates/meters", "Rates", data)


def stream_uses(desk: Desk, visit: Visit) -> EventStream:
    """Tell when a rate is used, or free again."""
    return stream_news(desk, visit, lambda: _describe_state(_read_all(desk)))


def _describe_state(connections: Sequence[_Meters]) -> str:
    """Return a text that changes with what the page shows."""
    shown = [
        (
            one.name,
            one.why,
            meter.kind,
            meter.value,
            [use.used for use in meter.uses],
            round(meter.wait),
            round(meter.closed_for),
        )
        for one in connections
        for meter in one.meters
    ]
    return hashlib.blake2b(repr(shown).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _read_all(desk: Desk) -> list[_Meters]:
    return [] if desk.context.sandbox else [_read(desk, *one) for one in desk.list_connections()]


def _read(desk: Desk, name: str, label: str) -> _Meters:
    context = desk.context
    try:
        connection = desk.get_client(name or None).connection
        sandboxed = is_sandbox(context.base_url, None)
        budget = open_budget(context.budget, desk.connector, SystemClock(), sandboxed=sandboxed)
        if budget is None:
            return _Meters(label)
        account = Accounts(desk.connector, context.base_url, budget).account_for(connection)
        meters = budget.read_meters(account, time.time())
    except ConnectorError as error:
        return _Meters(label, why=str(error))
    counts: dict[str, int] = {}
    shown = []
    for meter in sorted(meters, key=lambda one: -max((use.used for use in one.uses), default=0)):
        counts[meter.kind] = counts.get(meter.kind, 0) + 1
        if counts[meter.kind] <= _MAX_VALUES:
            shown.append(meter)
    return _Meters(label, sorted(shown, key=lambda one: [*counts].index(one.kind)))


def describe_use(use: RateUse) -> str:
    """Return what a use counts, such as `12 of 30 in 1 min`."""
    span = "today" if use.ends_at is not None else f"in {format_duration(round(use.seconds))}"
    return f"{use.used:,} of {use.limit:,} {span}"


ROUTES = (
    PageRoute("GET", "/rates", show_rates),
    PageRoute("GET", "/rates/news", stream_uses),
)
