"""Make a call as the console does: with the client of its connection, and with its run in the log."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from connector.console.outcome import Outcome
from connector.errors import ConnectorError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.console.desk import Desk
    from connector.definition.action import Action


def make_call(
    desk: Desk,
    action: Action,
    given: Mapping[str, Any],
    options: Mapping[str, Any],
    entered: Mapping[str, Sequence[str]],
    *,
    is_click: bool = False,
) -> str:
    """Make a call, and return the address of what came of it; raises InputError, for which nothing was sent.

    A write that comes of a click is made once, however fast a second click follows.
    """

    def make() -> Outcome:
        return _make(desk, action, given, options, entered)

    if not is_click or action.is_read:
        return f"/actions/{action.action}?result={desk.outcomes.keep(make())}"
    call = hashlib.sha256(repr((action.action, given, options)).encode("utf-8", "surrogatepass")).digest()
    key, is_second = desk.outcomes.make_once(call, make)
    return f"/actions/{action.action}?result={key}" + ("&second=yes" if is_second else "")


def _make(
    desk: Desk,
    action: Action,
    given: Mapping[str, Any],
    options: Mapping[str, Any],
    entered: Mapping[str, Sequence[str]],
) -> Outcome:
    desk.take_run()
    name = options.get("connection") or ""
    facts: dict[str, Any] = {}
    try:
        client = desk.get_client(name or None)
        facts["result"] = client.run(action.action, given, **{**options, "connection": None})
    except InputError:
        raise
    except ConnectorError as error:
        facts["error"] = error
    run = desk.take_run()
    return Outcome(action.action, given, entered, name, run_id=run.id if run is not None else None, **facts)
